"""Network mounts: known by the kernel's own list, so that what others change is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from developer_node.watch.mounts import network_mount, parse_mounts, read_mounts

MOUNTS = parse_mounts(
    # as the kernel writes them: NFS, Samba, sshfs, WSL's drives, a virtual machine's share
    r"""proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0
/dev/nvme0n1p2 / ext4 rw,relatime,errors=remount-ro 0 0
nas:/export/home /home nfs4 rw,relatime,vers=4.2,rsize=1048576,hard,proto=tcp,sec=sys 0 0
/dev/nvme0n1p3 /home/ada/scratch ext4 rw,relatime 0 0
//nas/share /mnt/my\040share cifs rw,relatime,vers=3.1.1,cache=strict,uid=1000 0 0
ada@host:/srv /mnt/ssh fuse.sshfs rw,nosuid,nodev,relatime,user_id=1000,group_id=1000 0 0
C:\134 /mnt/c 9p rw,noatime,dirsync,aname=drvfs;path=C:\134;uid=1000;gid=1000 0 0
share /mnt/vm virtiofs rw,relatime 0 0
/dev/sdb1 /mnt/usb fuseblk rw,nosuid,nodev,relatime,user_id=0,blksize=4096 0 0
1:2 /mnt/pool fuse.mergerfs rw,relatime,user_id=0 0 0
/dev/sdc1 /mnt/twice ext4 rw,relatime 0 0
nas:/late /mnt/twice nfs rw,relatime,vers=3 0 0
broken line
"""
)


@pytest.mark.parametrize(
    ("directory", "says"),
    [
        ("/home/ada/code", "/home is nfs4 from nas:/export/home"),
        ("/home", "/home is nfs4 from nas:/export/home"),
        ("/mnt/my share/code", "/mnt/my share is cifs from //nas/share"),
        ("/mnt/ssh/code", "/mnt/ssh is fuse.sshfs from ada@host:/srv"),
        ("/mnt/c/code", "/mnt/c is 9p from C:\\"),
        ("/mnt/vm/code", "/mnt/vm is virtiofs from share"),
        ("/mnt/twice/code", "/mnt/twice is nfs from nas:/late"),
    ],
)
def test_a_directory_that_others_may_change_is_said_with_its_mount(
    directory: str, says: str
) -> None:
    assert network_mount(Path(directory), MOUNTS) == f"{says}, which others may change"


@pytest.mark.parametrize(
    "directory",
    ["/", "/srv/code", "/homeless", "/home/ada/scratch/code", "/mnt/usb/code", "/mnt/pool/code"],
)
def test_a_directory_on_a_disk_of_this_machine_is_not(directory: str) -> None:
    assert network_mount(Path(directory), MOUNTS) == ""


def test_without_a_list_of_the_kernels_the_systems_own_is_read(tmp_path: Path) -> None:
    """The way of macOS."""
    places = {mount.place for mount in read_mounts(tmp_path / "none")}
    assert "/" in places


def test_this_machines_own_list_can_be_read(tmp_path: Path) -> None:
    assert isinstance(network_mount(tmp_path), str)

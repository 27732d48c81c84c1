"""What hdiutil and diskutil say is read as it is said, and nothing is guessed."""

from __future__ import annotations

import plistlib

import pytest

from common.errors import Unavailable
from dragon_node.lake.ramdisk import apple
from dragon_node.lake.ramdisk.holders import Holder


def test_the_attached_device_is_read_without_its_padding() -> None:
    assert apple.attached("/dev/disk3          \t                               \t\n") == "disk3"


def test_a_container_and_a_volume_are_the_last_thing_said() -> None:
    said = "Created new APFS Container disk2\nDisk from APFS operation: disk2\nFinished\n"
    assert apple.operated(said) == "disk2"
    assert apple.operated("Disk from APFS operation: disk3s7\n") == "disk3s7"


@pytest.mark.parametrize("read", [apple.attached, apple.operated])
def test_words_without_a_disk_are_a_refusal(read: object) -> None:
    assert callable(read)
    with pytest.raises(Unavailable, match="Operation not permitted"):
        read("Error: -69877: Operation not permitted")


def test_only_images_in_memory_are_ram_devices() -> None:
    info = {
        "images": [
            {
                "image-path": "ram://4194304",
                "blockcount": 4194304,
                "blocksize": 512,
                "system-entities": [{"content-hint": "", "dev-entry": "/dev/disk2"}],
            },
            {
                "image-path": "/Users/ada/ram:/x.dmg",
                "system-entities": [{"dev-entry": "/dev/disk8"}],
            },
        ]
    }
    assert apple.ram_devices(plistlib.dumps(info).decode()) == {"disk2": 4194304 * 512}


def test_no_images_are_no_devices() -> None:
    assert apple.ram_devices(plistlib.dumps({"images": []}).decode()) == {}


def test_a_volume_names_the_devices_below_it_and_a_plain_disk_itself() -> None:
    volume = {"ParentWholeDisk": "disk5", "APFSPhysicalStores": [{"APFSPhysicalStore": "disk4"}]}
    assert apple.stores(plistlib.dumps(volume).decode()) == ("disk4",)
    assert apple.stores(plistlib.dumps({"ParentWholeDisk": "disk9"}).decode()) == ("disk9",)


def test_words_that_are_no_property_list_are_a_refusal() -> None:
    with pytest.raises(Unavailable, match="hdiutil info"):
        apple.ram_devices("hdiutil: info failed")


@pytest.mark.parametrize(
    ("said", "who"),
    [
        (
            "Unmount was dissented by PID 9572 (/opt/fuse-t/bin/go-nfsv4-1.2.7)\n"
            "Dissenter parent PPID 1 (/sbin/launchd)",
            Holder(9572, "go-nfsv4-1.2.7"),
        ),
        ("couldn't be unmounted because it is in use by process 0 (kernel)", Holder(0, "kernel")),
        ('hdiutil: couldn\'t unmount "disk2" - Resource busy', None),
    ],
)
def test_who_refused_an_unmount_is_named_when_it_is_said(said: str, who: Holder | None) -> None:
    assert apple.dissenter(said) == who

"""Limits of containers, as their files lie in version 1, version 2 and a mixture."""

from __future__ import annotations

from pathlib import Path

from dragon_node.inference.budget.cgroups import limit_bytes

V1_NONE = "9223372036854771712\n"
"""As the kernel writes it with pages of 4 KB."""


def laid(root: Path, groups: str, **limits: str) -> Path:
    """`limits` by path under /sys/fs/cgroup, with __ for /."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for path, said in limits.items():
        file = root / "sys/fs/cgroup" / path.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(said)
    return root


def test_without_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert limit_bytes(tmp_path) is None


def test_version_2_says_max_for_none(tmp_path: Path) -> None:
    laid(tmp_path, "0::/app\n", app__memory_dot_max="max\n")
    assert limit_bytes(tmp_path) is None


def test_version_2_limits_its_own_group(tmp_path: Path) -> None:
    laid(tmp_path, "0::/app\n", app__memory_dot_max="8000\n")
    assert limit_bytes(tmp_path) == 8000


def test_where_it_would_be_slowed_down_is_a_limit_too(tmp_path: Path) -> None:
    """MemoryHigh of a unit of systemd."""
    laid(tmp_path, "0::/app\n", app__memory_dot_max="8000\n", app__memory_dot_high="6000\n")
    assert limit_bytes(tmp_path) == 6000


def test_the_lowest_limit_of_the_groups_above_holds(tmp_path: Path) -> None:
    laid(
        tmp_path,
        "0::/user.slice/app/inner\n",
        user_dot_slice__memory_dot_max="4000\n",
        user_dot_slice__app__memory_dot_max="9000\n",
        user_dot_slice__app__inner__memory_dot_max="max\n",
    )
    assert limit_bytes(tmp_path) == 4000


def test_in_a_container_that_knows_the_path_of_its_host_the_top_holds(tmp_path: Path) -> None:
    laid(tmp_path, "0::/docker/4f2a\n", memory_dot_max="5000\n")
    assert limit_bytes(tmp_path) == 5000


def test_a_path_above_the_top_is_not_followed_out_of_it(tmp_path: Path) -> None:
    """Seen from a namespace below the group's own: its files lie at the top."""
    laid(tmp_path, "0::/../sibling\n", memory_dot_max="5000\n")
    (tmp_path / "sys/fs/sibling").mkdir()
    (tmp_path / "sys/fs/sibling/memory.max").write_text("1\n")
    assert limit_bytes(tmp_path) == 5000


def test_version_1_limits_by_the_controller_of_memory(tmp_path: Path) -> None:
    laid(
        tmp_path,
        "9:name=systemd:/x\n4:memory,hugetlb:/job/7\n1:cpu:/\n0::/\n",
        memory__job__7__memory_dot_limit_in_bytes="7000\n",
        memory__memory_dot_limit_in_bytes=V1_NONE,
        unified__cgroup_dot_procs="",
    )
    assert limit_bytes(tmp_path) == 7000


def test_version_1_says_the_largest_number_for_none(tmp_path: Path) -> None:
    laid(tmp_path, "4:memory:/job\n", memory__job__memory_dot_limit_in_bytes=V1_NONE)
    assert limit_bytes(tmp_path) is None

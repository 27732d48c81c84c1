"""Notices of the kernel that something happened in a directory, by way of watchdog."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

Hint = Callable[[str], None]
"""Called in a thread of watchdog's with the absolute path that something happened to."""
Lost = Callable[[], None]
"""Called in a thread of watchdog's when notices were lost: look at everything again."""


class Listener(Protocol):
    """One party's directories. May be used from any thread."""

    def add(self, directory: str) -> bool:
        """False when it is no readable directory; OverLimit when the kernel has no more watches."""
        ...

    def remove(self, *directories: str) -> None:
        """Forgets them and everything below them."""
        ...

    def close(self) -> None:
        """Forgets everything."""
        ...


class Notices(Protocol):
    """The kernel's notices, for the whole daemon."""

    def listen(self, hint: Hint, lost: Lost) -> Listener:
        """A new party."""
        ...

    def close(self) -> None:
        """Ends the threads."""
        ...


def open_notices() -> Notices:
    """What suits this system: a watch for each directory on Linux, for each tree elsewhere."""
    if sys.platform == "linux":
        from developer_node.watch.notices_inotify import DirectoryNotices

        try:
            return DirectoryNotices()
        except OSError as error:
            from developer_node.watch.notices_none import NoNotices

            why = f"the kernel gives no directory watches here ({error.strerror})"
            return NoNotices(why, "Raise fs.inotify.max_user_instances (sysctl), then start again.")
    from developer_node.watch.notices_tree import TreeNotices

    return TreeNotices()

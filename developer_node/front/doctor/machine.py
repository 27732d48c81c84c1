"""The machine that it runs on: git, packages, kernel limits, settings, the line in the rc file."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

from common.daemon.lifecycle import OFFLINE
from common.daemon.sizes import size_bytes
from developer_node.front.doctor.finding import (
    ATTENTION,
    MORE_WATCHES,
    NOT_INSTALLED,
    REFUSED,
    Finding,
    Ground,
)
from developer_node.front.output_words import count, size

GIT_OLDEST = (2, 28)
"""The first with `git worktree` and `git ls-files` as they are asked here."""
WATCHES_MIN = 8192
_NO = frozenset(("0", "false", "no", "off", ""))
_PROGRAM = re.compile(r"&& ?\{ (?P<bash>\S+) shell|test -x (?P<fish>\S+);")
BUDGETS = ("POSTDEVAI_LAKE_BYTES", "POSTDEVAI_MEMORY_BYTES")


def packages(ground: Ground) -> Iterator[Finding]:
    """What Python must find."""
    from developer_node.front.bare_machine import INSTALL, refusal

    if ground.lacking:
        yield Finding("packages", refusal(ground.lacking), f"Type: {INSTALL}", NOT_INSTALLED)


def git(ground: Ground) -> Iterator[Finding]:
    """The program that commits and indexes are read with."""
    path = shutil.which("git", path=ground.environment.get("PATH"))
    if path is None:
        yield Finding(
            "git-missing",
            "There is no git here: files are watched, and no commit can be told as a remedy.",
            "Install git (apt install git, or on a Mac: xcode-select --install).",
            NOT_INSTALLED,
        )
        return
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)\.(\d+)", done.stdout)
    if found is None or (int(found[1]), int(found[2])) < GIT_OLDEST:
        oldest = ".".join(map(str, GIT_OLDEST))
        yield Finding(
            "git-old",
            f"{path} is {done.stdout.strip() or 'of no version that it tells'}; {oldest} is the "
            "oldest that is known to work here.",
            "Update git.",
            NOT_INSTALLED,
        )


def watches(ground: Ground) -> Iterator[Finding]:
    """How many directories the kernel lets one user watch."""
    if 0 < ground.watches_max < WATCHES_MIN:
        yield Finding(
            "watch-limit",
            f"The kernel watches {count(ground.watches_max, 'directory').replace('ys', 'ies')} at "
            "most here, fewer than one large repository has: the rest is found by comparing.",
            MORE_WATCHES,
            REFUSED,
        )


def egress(ground: Ground) -> Iterator[Finding]:
    """Switches that let libraries speak to the network, which they are told not to."""
    for name in [each for each in OFFLINE if not each.startswith("GRPC")]:
        value = ground.environment.get(name)
        if value is not None and value.strip().lower() in _NO:
            yield Finding(
                "egress",
                f"{name}={value} is set where this is typed: it lets a library of the nodes ask "
                "the network, and nodes that are started here keep it.",
                f"Type: unset {name}; then postdevai down, postdevai up",
                REFUSED,
            )


def budgets(ground: Ground) -> Iterator[Finding]:
    """Sizes in the environment that the Dragon would refuse, or that this machine cannot give."""
    for name in BUDGETS:
        value = ground.environment.get(name, "")
        if not value:
            continue
        try:
            wanted = size_bytes(value)
        except ValueError as error:
            yield Finding("budget", f"{name}: {error}.", f"Mend or unset {name}.", NOT_INSTALLED)
            continue
        if wanted > ground.memory_bytes:
            yield Finding(
                "budget",
                f"{name} asks for {size(wanted)}, and this machine has {size(ground.memory_bytes)}"
                " of memory.",
                f"Name less in {name}, or unset it.",
                REFUSED,
            )


def rc_lines(ground: Ground) -> Iterator[Finding]:
    """The line of `shell --install` that calls a program which is not there any more."""
    from developer_node.front.shell.recorded.installing import SIGN

    for path in ground.rc_files:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        for line in [each for each in text.splitlines() if each.rstrip().endswith(SIGN)]:
            found = _PROGRAM.search(line)
            program = (found["bash"] or found["fish"]).strip("'\"") if found else ""
            if not program or shutil.which(program) is None:
                yield Finding(
                    "shell-line",
                    f"{path} opens recorded shells with {program or 'an old line'}, which is not "
                    "there: new terminals are not recorded.",
                    "Type: postdevai shell --install",
                    ATTENTION,
                )

"""Commands that change what a run stands on besides the files: acting, not looking, commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import apsw

from dragon_node.failures.runs import Run

Act = Literal["packages", "surroundings", "small"]
"""`packages` shows in the list of installed packages where that is known. `surroundings` (a
service, a login, the system's packages) shows nowhere. `small` is a directory made or a process
ended: it explains a pass only when nothing else does."""

ACTED_MAX = 3
_SCANNED_MAX = 500
_TABLE = """
packages: pip pip3: install uninstall
packages: uv: add remove sync; pip install; pip sync; pip uninstall
packages: poetry pipenv: add remove install uninstall update sync
packages: conda mamba: install remove; env update
surroundings: npm pnpm yarn bun: install i ci add remove update upgrade link
surroundings: apt apt-get brew dnf yum apk port gem bundle composer: install remove upgrade update
surroundings: docker podman: start stop restart pull login
surroundings: docker podman: ; compose up; compose down; compose start; compose restart
surroundings: docker-compose systemctl pg_ctl: up down start stop restart
surroundings: brew: ; services start; services stop; services restart
surroundings: rustup pyenv nvm asdf mise fnm volta: install use update default global local
surroundings: alembic: upgrade downgrade
surroundings: kubectl: apply delete port-forward; rollout restart
surroundings: gh gcloud aws az npm: login; auth login; sso login
surroundings: ollama: pull serve
surroundings: git: ; lfs pull; submodule update
"""
"""Kind, programs, and the first word after them that is no option; then the first two."""

_ALWAYS: dict[str, Act] = {
    **dict.fromkeys(
        ("createdb", "dropdb", "redis-server", "ssh-add", "service", "launchctl"), "surroundings"
    ),
    **dict.fromkeys(
        ("mkdir", "rm", "ln", "chmod", "chown", "kill", "pkill", "killall", "touch"), "small"
    ),
}
_BEFORE = ("sudo", "time", "env", "nohup", "exec", "command")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_PARTS = re.compile(r"&&|\|\||[;|\n]")


@dataclass(frozen=True, slots=True)
class Around:
    """Commands between the two runs that change what a run stands on besides the files."""

    acted: tuple[str, ...] = ()
    surroundings: tuple[str, ...] = ()
    """Of those, the ones whose effect no environment shows and which weigh as much as code."""


NOTHING_DONE = Around()


def act(command: str) -> Act | None:
    """What a command line does to what a run stands on; None when it only looks or builds."""
    found = {one for part in _PARTS.split(command) if (one := _one(part))}
    for kind in ("surroundings", "packages", "small"):
        if kind in found:
            return kind
    return None


def between(db: apsw.Connection, failing: Run, passing: Run) -> Around:
    """Acting commands that ended well, or still ran, in the working copy or outside any between
    two runs; newest last."""
    found = _between(db, failing, passing)
    return Around(
        tuple(command for command, _ in found),
        tuple(command for command, kind in found if kind == "surroundings"),
    )


def _between(db: apsw.Connection, failing: Run, passing: Run) -> list[tuple[str, Act]]:
    """A change of packages that the list of them does not show was none."""
    rows = db.execute(
        """SELECT command FROM runs WHERE lsn>? AND lsn<? AND wc IN (?, '') AND (ok OR running)
           ORDER BY lsn DESC LIMIT ?""",
        (failing.lsn, passing.lsn, passing.wc, _SCANNED_MAX),
    )
    before, after = failing.environment.packages, passing.environment.packages
    shown = bool(before and before == after)
    found: dict[str, Act] = {}
    for (command,) in rows:
        kind = act(str(command))
        if kind is not None and not (kind == "packages" and shown):
            found.setdefault(str(command), kind)
    return list(reversed(list(found.items())[:ACTED_MAX]))


def _read_table() -> dict[tuple[str, str], Act]:
    kinds: dict[str, Act] = {"packages": "packages", "surroundings": "surroundings"}
    found: dict[tuple[str, str], Act] = {}
    for line in _TABLE.strip().splitlines():
        kind, programs, words = (part.strip() for part in line.split(":"))
        singles, *pairs = words.split(";")
        phrases = [*singles.split(), *(pair.strip() for pair in pairs)]
        found |= {(p, phrase): kinds[kind] for p in programs.split() for phrase in phrases}
    return found


_ACTS = _read_table()


def _one(part: str) -> Act | None:
    try:
        words = shlex.split(part)
    except ValueError:
        words = part.split()
    words = list(_without_wrapping(words))
    if not words:
        return None
    program, rest = words[0].rsplit("/", 1)[-1], [w for w in words[1:] if not w.startswith("-")]
    if re.fullmatch(r"python[\d.]*", program) and words[1:3] == ["-m", "pip"]:
        program, rest = "pip", rest[1:]
    if any(w == "migrate" or w.endswith(":migrate") for w in rest[:2]):
        return "surroundings"  # of a database: manage.py, rails and their like
    if program == "yarn" and not rest:
        return "surroundings"
    if rest[:1] == ["compose"]:  # its options may stand before what it is to do, with their values
        rest = ["compose", *(w for w in rest if ("docker-compose", w) in _ACTS)]
    if program in ("docker", "podman") and rest[:1] == ["run"]:
        return "surroundings" if {"-d", "--detach"} & set(words) else None
    phrase = _ACTS.get((program, " ".join(rest[:2])))
    return _ALWAYS.get(program) or phrase or _ACTS.get((program, " ".join(rest[:1])))


def _without_wrapping(words: list[str]) -> Iterator[str]:
    """Without variables that are set and without what only runs another program."""
    leading = True
    for word in words:
        leading = leading and bool(word in _BEFORE or _ASSIGNMENT.match(word))
        if not leading:
            yield word

"""The front door: `postdevai`. `run` and `shell` go to the recorder before anything else loads."""

# What is imported here is paid for by every recorded command, and must load on Python 3.9, so
# that an old Python hears which line to type instead of a stack trace.
from __future__ import annotations

import sys

OLDEST = (3, 11)


def main(argv: list[str] | None = None) -> int:
    """Does what the words say; the exit code (docs/cli.md lists them)."""
    words = list(sys.argv[1:] if argv is None else argv)
    if sys.version_info[:2] < OLDEST:
        return _too_old()
    if words[:1] == ["run"]:
        from developer_node.front.cli.recording import record

        return record(words[1:])
    if words[:1] == ["shell"]:
        from developer_node.front.cli.shell import shell

        return shell(words[1:])
    try:
        from developer_node.front.cli.application import answer

        return answer(words)
    except ModuleNotFoundError as missing:
        return _incomplete(missing)


def _too_old() -> int:
    """One sentence and the line to type."""
    version = "%d.%d" % sys.version_info[:2]  # noqa: UP031  an old Python reads this
    line = "sudo apt-get install -y python3.11 python3.11-venv && make run PYTHON=python3.11"
    if sys.platform == "darwin":
        line = "brew install python@3.12 && make run PYTHON=python3.12"
    sys.stderr.write("PostDevAI needs Python 3.11 or newer; this is %s. Type:\n" % version)  # noqa: UP031
    sys.stderr.write("  %s\n" % line)  # noqa: UP031
    return 2


def _incomplete(missing: ModuleNotFoundError) -> int:
    """A package is missing: which, and the line that brings it."""
    from developer_node.front.bare_machine import INSTALL

    if missing.name and missing.name.partition(".")[0] == "developer_node":
        raise missing
    sys.stderr.write(f"PostDevAI is not wholly installed: {missing.name} is missing. Type:\n")
    sys.stderr.write(f"  {INSTALL}\n")
    return 2

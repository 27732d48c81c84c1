"""What a short command of a node said on stderr, as a refusal in its own words."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from common.daemon.lifecycle import EXIT_CODES
from common.errors import PostDevAIError, Unavailable

if TYPE_CHECKING:
    from common.daemon.home import Home

COMMAND = "coordinator-node"
_KINDS = {code: kind for kind, code in reversed(EXIT_CODES.items())}
"""The first kind of those that share a code."""


def refusal(name: str, words: str, code: int, stderr: str) -> PostDevAIError:
    """The sentence after `NAME: ` and the hint below it; of the kind that ended it with the code.

    A program that failed otherwise has its last line said: that is where Python names the error.
    """
    lines = [line.rstrip() for line in stderr.splitlines() if line.strip()]
    mark = f"{name}: "
    begins = next((n for n, line in enumerate(lines) if line.startswith(mark)), None)
    if begins is None:
        why = f": {lines[-1].strip()}" if lines else ""
        return Unavailable(f"`{name} {words}` ended with {code}{why}")
    hints = [line.strip() for line in lines[begins + 1 : begins + 2] if line.startswith("  ")]
    said = lines[begins].removeprefix(mark)
    return _KINDS.get(code, Unavailable)(said, hint=" ".join(hints))


def run_coordinator(home: Home, *words: str, said: str = "") -> str:
    """What `coordinator-node` printed; what it tells on its way comes through at once.

    Raises its refusal.
    """
    # -P: a package of the same name where this is typed is not meant
    command = [sys.executable, "-P", "-m", "coordinator_node", *words, "--home", str(home.root)]
    with (
        tempfile.TemporaryFile("w+") as printed,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=printed, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdin is not None and process.stderr is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(said)
            process.stdin.close()
        heard: list[str] = []
        for line in process.stderr:
            heard.append(line)
            if not any(each.startswith(f"{COMMAND}: ") for each in heard):
                sys.stderr.write(line)
        if code := process.wait():
            raise refusal(COMMAND, words[0], code, "".join(heard))
        printed.seek(0)
        return printed.read()

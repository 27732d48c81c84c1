"""What a shell itself adds to the output of its commands, taken out again."""

from __future__ import annotations

import re
from dataclasses import replace

from developer_node.front.shell.kept_output import KeptOutput
from developer_node.front.shell.recorded.session import ShellKind

_FILLER = re.compile(
    rb"(?:\x1b\[[0-9;]*m)*[%#]?(?:\x1b\[[0-9;]*m)* +\r \r\Z"  # zsh's PROMPT_SP and its mark
)
_TITLE = re.compile(rb"(?:\x1b\[[?0-9;]*[a-zA-Z]|\x1b\(B|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))*\r")


def without_shell(output: KeptOutput, kind: ShellKind) -> KeptOutput:
    """Only what the command printed."""
    match kind:
        case "zsh":
            return _without_filler(output)
        case "fish":  # sets the window's title and goes to the first column
            found = _TITLE.match(output.head)
            size = len(found[0]) if found else 0
            return replace(output, head=output.head[size:], total=output.total - size)
        case _:
            return output


def _without_filler(output: KeptOutput) -> KeptOutput:
    """Without the mark and the blanks by which zsh begins its prompt on a line of its own."""
    part = output.tail or output.head
    found = _FILLER.search(part[-4096:])
    if found is None:
        return output
    size = len(found[0])
    total = output.total - size
    if output.tail:
        return replace(output, tail=part[:-size], total=total)
    return replace(output, head=part[:-size], total=total)

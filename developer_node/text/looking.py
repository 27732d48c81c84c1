"""Commands that only show what others wrote: errors in what they print are not theirs."""

from __future__ import annotations

import shlex

_LOOKERS = frozenset(
    (
        *("ag", "awk", "bat", "batcat", "cat", "cut", "diff", "echo", "egrep", "fgrep", "find"),
        *("fold", "grep", "head", "jq", "journalctl", "less", "ls", "more", "printf", "rg", "sed"),
        *("sort", "tac", "tail", "tee", "tr", "uniq", "view", "wc", "xxd", "zcat", "zgrep"),
    )
)
_LOOKING = frozenset(
    ("git", verb) for verb in ("blame", "diff", "grep", "log", "reflog", "show", "status")
) | frozenset((tool, "logs") for tool in ("docker", "kubectl", "podman", "docker-compose"))
_WRAPPERS = frozenset(("command", "env", "nice", "sudo", "time", "watch"))
_SEPARATORS = frozenset("();<>|&\n")


def only_looks(command: str) -> bool:
    """Whether each program of a command line is one that only shows. Unsure: no."""
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        return False
    steps: list[list[str]] = [[]]
    target = False
    for word in words:
        if _SEPARATORS.issuperset(word):
            target = word[0] in "<>"
            steps += [] if target else [[]]
        elif target:
            target = False  # a file's name
        else:
            steps[-1].append(word)
    programs = [s for step in steps if (s := _program(step))]
    return bool(programs) and all(_shows(p) for p in programs)


def _program(step: list[str]) -> list[str]:
    """Without variables and wrappers before it."""
    for i, word in enumerate(step):
        name = word.rsplit("/", 1)[-1]
        if "=" not in word.split("/", 1)[0] and name not in _WRAPPERS and word[:1] != "-":
            return [name, *(w for w in step[i + 1 :] if w[:1] != "-")]
    return []


def _shows(program: list[str]) -> bool:
    return program[0] in _LOOKERS or tuple(program[:2]) in _LOOKING

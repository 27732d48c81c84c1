"""Whether a command opens a shell for a person: what is typed there is not told apart by us.

Commands typed in a shell inside a recorded one come as the output of that shell, private ones too,
so of such an output only the size is kept. Known by the words alone: an alias or a script that
opens one is not.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence

SHELLS = frozenset(
    (
        "bash",
        "zsh",
        "fish",
        "sh",
        "dash",
        "ash",
        "ksh",
        "mksh",
        "csh",
        "tcsh",
        "nu",
        "pwsh",
        "xonsh",
    )
)
_OPENERS = frozenset(
    (
        *(("poetry", "shell"), ("pipenv", "shell"), ("hatch", "shell"), ("guix", "shell")),
        *(("nix", "shell"), ("nix", "develop"), ("vagrant", "ssh"), ("machinectl", "shell")),
    )
)
_CONTAINERS = frozenset(("docker", "podman", "nerdctl", "kubectl", "oc", "lxc", "docker-compose"))
_ALONE = frozenset(("nix-shell", "newgrp", "login"))
_BEFORE = frozenset(("exec", "command", "builtin", "time", "nohup", "nice", "stdbuf", "env"))
_SSH_TAKES = "BbcDEeFIiJLlmOoPpQRSWw"
_SUDO_TAKES = "ugCDhpRrTtU"
_SHELL_TAKES = ("--rcfile", "--init-file", "-o", "+o", "-O", "+O")
_BREAKS = frozenset((";", "&&", "||", "&", "(", ")", "\n"))


def opens_shell(text: str) -> bool:
    """Any of the commands in a line as it was typed."""
    try:
        reader = shlex.shlex(text.replace("\n", " ; "), posix=True, punctuation_chars="();&|")
        reader.whitespace_split = True
        words = list(reader)
    except ValueError:
        words = text.split()
    piped, one = False, list[str]()
    for word in (*words, ";"):
        if word in _BREAKS or word in ("|", "|&"):
            if not piped and "|" not in word[:1] and _opens(one):
                return True
            piped, one = word in ("|", "|&"), []
        else:
            one.append(word)
    return False


def _opens(words: Sequence[str]) -> bool:
    while words and (words[0] in _BEFORE or _assigns(words[0])):
        words = words[1:]
    if not words:
        return False
    name, rest = os.path.basename(words[0]).lstrip("-"), list(words[1:])
    if name in SHELLS:
        return not _operands(rest, _SHELL_TAKES) and not _has_letter(rest, "c")
    if name == "su":
        return "--command" not in rest and not _has_letter(rest, "c")
    if name in ("sudo", "doas"):
        return _sudo(rest)
    if name in ("ssh", "mosh", "autossh"):
        operands = _behind_options(rest, _SSH_TAKES)
        return len(operands) == 1 and not _has_letter(rest, "N")
    if name in _ALONE:
        return not ({"--run", "--command", "-c"} & set(rest))
    if (name, *rest[:1]) in _OPENERS:
        return not ({"-c", "--command"} & set(rest))
    if name not in _CONTAINERS:
        return False
    in_terminal = _has_letter(rest, "i") and _has_letter(rest, "t")
    return in_terminal and os.path.basename(rest[-1]) in SHELLS  # docker exec -it NAME bash


def _sudo(rest: list[str]) -> bool:
    command = _behind_options(rest, _SUDO_TAKES)
    while command and _assigns(command[0]):
        command = command[1:]
    if command:
        return _opens(command)
    return (
        _has_letter(rest, "s")
        or _has_letter(rest, "i")
        or {"--shell", "--login"} & {*rest} != set()
    )


def _assigns(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.isidentifier()


def _operands(rest: Sequence[str], takes: Sequence[str]) -> list[str]:
    found, skip = list[str](), False
    for word in rest:
        if skip:
            skip = False
        elif word in takes:
            skip = True
        elif not word.startswith(("-", "+")):
            found.append(word)
    return found


def _behind_options(rest: Sequence[str], takes: str) -> list[str]:
    """What begins with the first word that is no option, nor what an option takes."""
    at = 0
    while at < len(rest) and rest[at].startswith("-") and rest[at] != "--":
        word = rest[at]
        at += 2 if not word.startswith("--") and word[-1:] in takes else 1
    return list(rest[at + 1 :] if rest[at : at + 1] == ["--"] else rest[at:])


def _has_letter(rest: Sequence[str], letter: str) -> bool:
    return any(w.startswith("-") and not w.startswith("--") and letter in w[1:] for w in rest)

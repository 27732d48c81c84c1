"""Takes secrets out of text before anything keeps it: own rules first, detect-secrets second.

It runs in the recorder before the prompt returns, so the second opinion (0.15 s to import) is
asked only about lines in which something looks made by a machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from developer_node.text.block_secrets import without_blocks
from developer_node.text.named_secrets import NAMES_SECRET, named
from developer_node.text.private_keys import without_private_keys
from developer_node.text.secret_options import options
from developer_node.text.secret_shapes import PLACEHOLDER, rules, taking_value

_PASSWORD = taking_value("password")
_LINE_BYTES_MAX = 4096
"""Longer lines are read in pieces by the second opinion, whose patterns backtrack."""
_ESCAPE = re.compile(r"\x1b(?:\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\[[0-?]*[ -/]*[@-~])")
_TAKEN = re.compile(r"<redacted:([a-z0-9-]{1,40})>")


def redact(text: str) -> str:
    """The text without its secrets; it keeps its lines, and a second pass changes nothing."""
    if "\x1b" in text:
        text = _under_colours(text)
    return _without(text)


def taken(text: str) -> list[tuple[int, int, str]]:
    """Where in a redacted text something was taken, from and to, and by which rule."""
    return [(found.start(), found.end(), found[1]) for found in _TAKEN.finditer(text)]


def redact_bytes(data: bytes) -> bytes:
    """As `redact`; bytes that are not UTF-8 come out as they went in."""
    return redact(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _without(text: str) -> str:
    text = without_blocks(without_private_keys(text))
    lowered = text.lower()
    for rule in (*rules(), *options()):
        if any(hint in lowered for hint in rule.hints):
            text = rule.pattern.sub(rule.replace, text)
    lines = [_named_secrets(line) for line in text.split("\n")]
    return "\n".join(_second_opinion(lines))


def _under_colours(text: str) -> str:
    """A line whose colours cut a secret in pieces loses its colours with it."""
    plain = _ESCAPE.sub("", text).split("\n")
    taken = _without("\n".join(plain)).split("\n")
    lines = text.split("\n")
    if not len(lines) == len(plain) == len(taken):  # an escape sequence with a line end in it
        return "\n".join(taken)
    return "\n".join(map(_the_redacted, lines, plain, taken))


def _the_redacted(line: str, plain: str, taken: str) -> str:
    return line if plain == taken else taken


def _named_secrets(line: str) -> str:
    """Takes the value from whatever calls itself a secret, on the few lines that do."""
    if NAMES_SECRET.search(line.lower()):
        for pattern in named():
            line = pattern.sub(_PASSWORD, line)
    return line


_DETECTED = re.compile(
    r"cloudant|softlayer|artifactory|_authtoken|accountkey|mailchimp|twilio|discord|telegram"
    r"|[0-9a-z]{32}-us\d|sq0csp-|\b(?:ac|sk)[a-z0-9]{32}|\b\d{8,10}:[\w-]{35}"
)
"""What one of detect-secrets' detectors answers to, in lower case."""

_LONG = re.compile(r"[\w+=/-]{20,}")


def _second_opinion(lines: list[str]) -> list[str]:
    asked = [i for i, line in enumerate(lines) if _is_suspicious(line)]
    if asked:
        from developer_node.text import second_opinion

        for i in asked:
            lines[i] = _redact_line(lines[i], second_opinion.secrets_in)
    return lines


def _is_suspicious(line: str) -> bool:
    if len(line) < 20:
        return False
    return any(_looks_made(word) for word in _LONG.findall(line)) or bool(
        _DETECTED.search(line.lower())
    )


def _looks_made(word: str) -> bool:
    """Both cases and at least two digits: hardly a name, a path, or a commit's id."""
    if word.islower() or word.isupper():
        return False
    return sum(map(word.count, "0123456789")) >= 2


def _redact_line(line: str, secrets_in: Callable[[str], list[tuple[str, str]]]) -> str:
    for start in range(0, len(line), _LINE_BYTES_MAX):
        for kind, secret in secrets_in(line[start : start + _LINE_BYTES_MAX + 256]):
            line = line.replace(secret, f"{PLACEHOLDER}{kind}>")
    return line

"""Takes secrets out of text before anything keeps it: own rules first, detect-secrets second.

It runs in the recorder before the prompt returns, so the second opinion (0.15 s to import) is
asked only about lines in which something looks made by a machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

_PLACEHOLDER = "<redacted:"
_LINE_BYTES_MAX = 4096
"""Longer lines are read in pieces by the second opinion, whose patterns backtrack."""


def redact(text: str) -> str:
    """The text without its secrets; it keeps its lines, and a second pass changes nothing."""
    text = _without_keys(text)
    lowered = text.lower()
    for rule in _rules():
        if any(hint in lowered for hint in rule.hints):
            text = rule.pattern.sub(rule.replace, text)
    lines = [_named_secrets(line) for line in text.split("\n")]
    return "\n".join(_second_opinion(lines))


def redact_bytes(data: bytes) -> bytes:
    """As `redact`; bytes that are not UTF-8 come out as they went in."""
    return redact(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


class _Rule(NamedTuple):
    hints: tuple[str, ...]
    """Lower case; a rule is tried only where one of them occurs."""
    pattern: re.Pattern[str]
    replace: Callable[[re.Match[str]], str]


def _whole(kind: str) -> Callable[[re.Match[str]], str]:
    return lambda _: f"{_PLACEHOLDER}{kind}>"


def _value(kind: str) -> Callable[[re.Match[str]], str]:
    """Replaces the group "value" and keeps the rest."""

    def replace(match: re.Match[str]) -> str:
        if match["value"].startswith(_PLACEHOLDER):
            return match[0]
        start, end = match.start("value") - match.start(), match.end("value") - match.start()
        return f"{match[0][:start]}{_PLACEHOLDER}{kind}>{match[0][end:]}"

    return replace


_KEY_WORD = (
    r"(?:pass(?:word|wd|phrase)|(?<![a-z])pwd|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|"
    r"private[_-]?key|account[_-]?key|credential)"
)


@cache
def _rules() -> tuple[_Rule, ...]:
    def whole(kind: str, hints: tuple[str, ...], pattern: str) -> _Rule:
        return _Rule(hints, re.compile(pattern), _whole(kind))

    def value(kind: str, hints: tuple[str, ...], pattern: str) -> _Rule:
        return _Rule(hints, re.compile(pattern), _value(kind))

    return (
        whole("aws-key", ("akia", "asia", "abia", "acca"), r"\bA(?:KI|SI|BI|CC)A[0-9A-Z]{16}\b"),
        value(
            "aws-secret",
            ("aws",),
            r"(?i:aws[\w.-]{0,30}(?:secret|key))[\"']?\s{0,3}[=:]\s{0,3}[\"']?"
            r"(?P<value>[A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])",
        ),
        whole("github-token", ("gh",), r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b"),
        whole("github-token", ("github_pat_",), r"\bgithub_pat_[A-Za-z0-9_]{22,255}\b"),
        whole("gitlab-token", ("glpat-", "gldt-", "glrt-"), r"\bgl(?:pat|dt|rt)-[\w-]{20,}"),
        whole("slack-token", ("xox",), r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
        whole("slack-hook", ("hooks.slack.com",), r"https://hooks\.slack\.com/services/[\w/]+"),
        whole("stripe-key", ("k_live_", "k_test_"), r"\b[prs]k_(?:live|test)_[0-9a-zA-Z]{16,}"),
        whole("google-key", ("aiza",), r"\bAIza[0-9A-Za-z_-]{35}"),
        whole("google-token", ("ya29.",), r"\bya29\.[0-9A-Za-z_-]{20,}"),
        whole("api-key", ("sk-",), r"\bsk-(?:[a-z0-9]{2,12}-)*[A-Za-z0-9_]{20,}[A-Za-z0-9_-]*"),
        whole("npm-token", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
        whole("pypi-token", ("pypi-",), r"\bpypi-[A-Za-z0-9_-]{40,}"),
        whole("huggingface-token", ("hf_",), r"\bhf_[A-Za-z0-9]{30,}\b"),
        whole("sendgrid-key", ("sg.",), r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
        whole("jwt", ("eyj",), r"\beyJ[\w-]{8,}\.eyJ[\w-]{4,}\.[\w-]*"),
        value(
            "connection-password",
            ("://",),
            r"\b[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/@'\"]{0,200}:(?P<value>[^\s/@'\"]{1,200})@",
        ),
        value(
            "authorization",
            ("authorization",),
            r"(?i:authorization)[\"']?\s{0,3}[=:]\s{0,3}[\"']?(?i:bearer|basic|token|digest)\s+"
            r"(?P<value>[^\s\"',<]{6,})",
        ),
        value("bearer", ("bearer ",), r"\b(?i:bearer) (?P<value>[A-Za-z0-9._~+/-]{20,}=*)"),
    )


_NAMES_SECRET = re.compile(r"passw|passphrase|pwd|secret|token|key|credential|pass=")


def _named_secrets(line: str) -> str:
    """Takes the value from whatever calls itself a secret, on the few lines that do."""
    if _NAMES_SECRET.search(line.lower()):
        for pattern in _named():
            line = pattern.sub(_value("password"), line)
    return line


@cache
def _named() -> tuple[re.Pattern[str], ...]:
    return (
        # name = "literal": only a literal, so that code which merely handles secrets stays.
        re.compile(
            rf"(?i:{_KEY_WORD}[\w-]{{0,40}})[\"'\]]{{0,2}}\s{{0,4}}"
            r"(?::\s{0,2}[A-Za-z][\w.|\[\] ]{0,40}=|:=|=>|=|:)\s{0,4}[bru]?"
            r"(?P<quote>[\"'])(?P<value>[^\s\"'<{$%][^\s\"']{3,400})(?P=quote)"
        ),
        # NAME=value as in a shell, an env file or a log; --name value as on a command line.
        re.compile(
            r"(?:(?<=^)|(?<=[\s;\"'+-]))"
            r"[A-Z][A-Z0-9_]{0,60}(?:PASSWORD|PASSWD|PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL)S?"
            r"=(?![$<{(\"'])(?P<value>[^\s\"',;)]{6,400})"
        ),
        re.compile(
            rf"--(?i:[\w-]{{0,40}}?{_KEY_WORD})(?:=|\s+)(?![-$<\"'])(?P<value>[^\s\"';]{{4,400}})"
        ),
        # yaml and ini: only values that no identifier or number could be.
        re.compile(
            rf"(?i:{_KEY_WORD})\s{{0,4}}[=:]\s{{0,4}}"
            r"(?P<value>(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[^\s\"'<>(){}\[\],;.$]{6,400})(?=\s*$)"
        ),
    )


_KEY_BEGIN = re.compile(r"-----BEGIN ((?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?)-----")
_KEY_BODY = re.compile(r"[A-Za-z0-9+/=:,. \t\\\"'|>+E-]*")
_KEY_LINES_MAX = 400


def _without_keys(text: str) -> str:
    """Blanks the body of PEM keys line by line, whether or not the end of the key is there."""
    if "PRIVATE KEY" not in text:
        return text
    lines = text.split("\n")
    left = 0
    for i, line in enumerate(lines):
        begin = _KEY_BEGIN.search(line)
        if begin:
            lines[i], left = _key_begins(line, begin)
        elif left:
            lines[i], left = _key_goes_on(line, left)
    return "\n".join(lines)


def _key_begins(line: str, begin: re.Match[str]) -> tuple[str, int]:
    rest = line[begin.end() :]
    end = rest.find("-----END")
    if end >= 0:  # on one line, with its line ends written as \n
        return f"{line[: begin.end()]}{_PLACEHOLDER}private-key>{rest[end:]}", 0
    body = f"{_PLACEHOLDER}private-key>" if rest.strip() and _PLACEHOLDER not in rest else rest
    return line[: begin.end()] + body, _KEY_LINES_MAX


def _key_goes_on(line: str, left: int) -> tuple[str, int]:
    if "-----END" in line:
        return line[line.index("-----END") :] if line[:1] not in "+-E |" else line, 0
    if not line.strip() or f"{_PLACEHOLDER}private-key>" in line:
        return line, left - 1
    if not _KEY_BODY.fullmatch(line):
        return line, 0
    return f"{_PLACEHOLDER}private-key>", left - 1


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
            line = line.replace(secret, f"{_PLACEHOLDER}{kind}>")
    return line

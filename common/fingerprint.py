"""The identity of a failure that survives moved lines, other directories, times and addresses."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.model.failure import Frame
from common.model.ids import Fingerprint
from common.standing_in import own_name, program

RULES_VERSION = 2
"""Part of every fingerprint: other rules make other fingerprints.

2: quotation marks are one whatever the locale; dates in words and sizes are noise, IP addresses
values; functions are named as older and newer releases of a tool both name them. Where the
innermost own frame names no function, the test's own name stands there; where there is neither a
frame nor a test, the program's name.
"""

FRAMES = 3
"""How many in-app frames, counted from where it crashed, tell two failures apart."""

_NORMALISED_CHARS_MAX = 300
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_MARKS = {ord(c): "'" for c in "‘’‚‛′"} | {ord(c): '"' for c in "“”„‟"}
"""Compilers quote with other marks in a UTF-8 locale than in C's."""

# What differs from run to run and tells nothing. In this order: a path may hold a hash.
_NOISE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b0x[0-9a-fA-F]+"), "<addr>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<uuid>"),
    (
        re.compile(
            r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b"
        ),
        "<time>",
    ),
    (
        re.compile(
            rf"\b(?:\d\d?[ /-]{_MONTH}[ /-]\d{{4}}|{_MONTH} +\d\d?(?:,? \d{{4}})?)\b"
            r"(?::?[ ]?\d\d:\d\d:\d\d(?: [+-]\d{4})?)?"
        ),
        "<time>",
    ),
    (re.compile(r"\b\d\d?:\d\d:\d\d(?:[.,]\d+)?\b"), "<time>"),
    (re.compile(r"\b\d+(?:\.\d+)?\s?(?:[kKMGT]i?B|bytes)\b"), "<size>"),
    (re.compile(r"\b\d+(?:\.\d+)?\s?(?:ms|us|µs|ns|s|sec|secs|seconds|min|minutes)\b"), "<dur>"),
    (re.compile(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b"), "<hex>"),
)
_TEMPORARY = re.compile(
    r"(?<![\w.])(?:/private)?/(?:tmp|var/tmp|var/folders|dev/shm)((?:/[\w.@+=-]+)+)/?"
)
_ELSEWHERE = re.compile(r"(?<![\w.<>])(?:~|\.{1,2})?/(?:[\w.@+=-]+/)+([\w.@+=-]+)")
_RANDOM_NAME = re.compile(r"(?i)tmp[\w-]{6,10}|.*\d.*\d.*|[\w-]*-\d+")

_QUOTED = re.compile(r"(?<![\w])(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|`([^`]+)`)(?!\w)")
_COMPARED = re.compile(r"([^\s,;:()]+) (==|!=|<=|>=|<|>) ([^\s,;()]+)")
_TELLING = re.compile(r"(?i)\b(status|errno|code|exit|signal|port)\b([\s:=#(]{0,3})(-?\d+)")
_PORT = re.compile(r"(://[\w.\[\]-]+|\blocalhost|\b\d+\.\d+\.\d+\.\d+):(\d{1,5})\b")
_IP = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
_NUMBER = re.compile(r"(?<![\w.<])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w>])")
_DECORATION = re.compile(
    r"^(?:async |new )+| \[as .*\]$|::h[0-9a-f]{16}$|(?:::\{\{?closure(?:#\d+)?\}\}?)+"
    r"|(?:\.func\d+)+(?:\.\d+)*$|\(\.\.\.\)$|\(0x[0-9a-f, x?.{}]*\)$"
)
"""Node's and Rust's; Go's numbered closures and addresses of arguments."""
_CALLBACK = re.compile(r"(?:^|[. ])<anonymous>(?: \[as .*\])?$")
"""`Object.<anonymous>`, `TestContext.<anonymous>`: whose method it is says only Node's version."""
_OPERATOR = re.compile(r" (==|!=|<=|>=|<|>|not in|in|is not|is) ")


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a failure from others."""

    normalised: str
    fingerprint: Fingerprint
    values: str


def identity(
    tool: str,
    code: str,
    headlines: Sequence[str],
    frames: Sequence[Frame],
    test: str = "",
    command: str = "",
) -> Identity:
    """From stored text alone, so that it can be made again when the rules change.

    `headlines` as `Failure` keeps them: the failure's own first, then "Code: message" of each
    cause. A wrapper's words alone would hide two different causes. Of a text without a `command`
    the tool is taken for its program.
    """
    texts: list[str] = []
    values: list[str] = []
    for i, headline in enumerate(headlines):
        cause, colon, message = headline.partition(": ") if i else ("", "", headline)
        text, found = _lines(message)
        texts.append(f"from {cause}{colon}{text}" if i else text)
        values += found
    normalised = "; ".join(texts)
    made = fingerprint(tool, code, normalised, frames, test, command)
    return Identity(normalised, made, values_hash(values))


def _lines(headline: str) -> tuple[str, list[str]]:
    texts: list[str] = []
    values: list[str] = []
    for line in headline.split("\n"):
        text, found = normalise(line)
        texts.append(text)
        values += found
    return "; ".join(texts), values


def normalise(message: str) -> tuple[str, tuple[str, ...]]:
    """A message without what changes from run to run, and the values that were in it.

    Values are what two occurrences of one symptom may differ in and what a person would want to
    know about: what was compared, what was quoted, a status, an errno, an exit code, a port.
    """
    text = _without_noise(" ".join(message.translate(_MARKS).split()))
    values: list[str] = []
    if text.startswith("assert "):
        text = _take_assertion(text, values)
    text = _QUOTED.sub(lambda m: _keep(values, m[1] or m[2] or m[3] or "", "<value>"), text)
    text = _COMPARED.sub(lambda m: _take_compared(values, m), text)
    text = _TELLING.sub(lambda m: _keep(values, m[3], f"{m[1]}{m[2]}<value>"), text)
    text = _PORT.sub(lambda m: _keep(values, m[2], f"{m[1]}:<value>"), text)
    text = _IP.sub(lambda m: _keep(values, m[0], "<ip>"), text)
    text = _NUMBER.sub("<n>", text)
    return text[:_NORMALISED_CHARS_MAX], tuple(values)


def fingerprint(
    tool: str,
    code: str,
    normalised: str,
    frames: Sequence[Frame],
    test: str = "",
    command: str = "",
) -> Fingerprint:
    """BLAKE2b-128 of the rules' version, tool, code, message and the last in-app frames."""
    places = _places(frames, test, program(command) or tool)
    return Fingerprint(_digest(f"rules {RULES_VERSION}", tool, code, normalised, *places))


def values_hash(values: Sequence[str]) -> str:
    """BLAKE2b-128 of what `normalise` took out; empty when there was nothing."""
    return _digest("values", *values) if values else ""


def _digest(*parts: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        digest.update(len(data).to_bytes(4, "big") + data)
    return digest.hexdigest()


def _places(frames: Sequence[Frame], test: str, ran: str) -> list[str]:
    """The last own frames. Of a callback and of a panic only the file is known, and many tests
    share it; without a frame many programs share a message."""
    own = [f for f in frames if f.in_app][-FRAMES:]
    if not own:
        return ["", own_name(test) if test else ran]
    places = [f"{f.path}:{_function(f)}" for f in own]
    if test and _is_nameless(own[-1]):
        places[-1] += own_name(test)
    return places


def _is_nameless(frame: Frame) -> bool:
    return not frame.function or bool(_CALLBACK.search(frame.function))


def _function(frame: Frame) -> str:
    # Python 3.12 no longer names comprehensions, and pytest names no lambda: neither counts.
    if frame.function.startswith("<") or _is_nameless(frame):
        return ""
    return _DECORATION.sub("", frame.function)


def _without_noise(text: str) -> str:
    text = _TEMPORARY.sub(lambda m: _temporary(m[1]), text)
    text = _ELSEWHERE.sub(r"<path>/\1", text)
    for pattern, placeholder in _NOISE:
        text = pattern.sub(placeholder, text)
    return text


def _temporary(path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    return "<tmp>" if _RANDOM_NAME.fullmatch(name) else f"<tmp>/{name}"


def _keep(values: list[str], value: str, placeholder: str) -> str:
    values.append(value)
    return placeholder


def _take_compared(values: list[str], match: re.Match[str]) -> str:
    sides = (match[1], match[3])
    values += [side for side in sides if side != "<value>"]
    return f"<value> {match[2]} <value>"


def _take_assertion(text: str, values: list[str]) -> str:
    """`assert 3 == 4` keeps its operator; both sides are values, however they were shortened."""
    claim = text.removeprefix("assert ")
    operators = list(_OPERATOR.finditer(claim))
    if not operators:
        return text
    chosen = next((m for m in operators if _is_outermost(claim[: m.start()])), operators[0])
    values += [claim[: chosen.start()], claim[chosen.end() :]]
    return f"assert <value> {chosen[1]} <value>"


def _is_outermost(before: str) -> bool:
    depth = 0
    for char in _unquoted(before):
        depth += (char in "([{") - (char in ")]}")
    return depth <= 0 and before.count("'") % 2 == 0


def _unquoted(text: str) -> Iterator[str]:
    yield from _QUOTED.sub("", text)

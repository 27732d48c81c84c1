"""Secrets that are known by their own shape, whatever stands around them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

PLACEHOLDER = "<redacted:"


class Rule(NamedTuple):
    """One shape of secret."""

    hints: tuple[str, ...]
    """Lower case; a rule is tried only where one of them occurs."""
    pattern: re.Pattern[str]
    replace: Callable[[re.Match[str]], str]


def whole(kind: str, hints: tuple[str, ...], pattern: str) -> Rule:
    """All that matches is the secret."""
    placeholder = f"{PLACEHOLDER}{kind}>"

    def replace(_: re.Match[str]) -> str:
        return placeholder

    return Rule(hints, re.compile(pattern), replace)


def value(kind: str, hints: tuple[str, ...], pattern: str) -> Rule:
    """The group "value" is the secret."""
    return Rule(hints, re.compile(pattern), taking_value(kind))


def taking_value(kind: str) -> Callable[[re.Match[str]], str]:
    """Replaces the group "value" and keeps the rest."""

    def replace(match: re.Match[str]) -> str:
        if match["value"].startswith(PLACEHOLDER):
            return match[0]
        start, end = match.start("value") - match.start(), match.end("value") - match.start()
        return f"{match[0][:start]}{PLACEHOLDER}{kind}>{match[0][end:]}"

    return replace


def _cookies(match: re.Match[str]) -> str:
    """The values go, the names and what says how long and where they hold stay."""
    head, rest = match["head"], match["rest"]
    return head + _COOKIE.sub(lambda m: f"{m[1]}{PLACEHOLDER}cookie>", rest)


_COOKIE = re.compile(
    r"((?<![\w.$-])(?!(?i:path|domain|expires|max-age|samesite|priority|version)=)"
    r"[\w.$!#%*+^`|~-]{1,100}=)(?!<redacted:)\"?[^;\s\"',]{1,4096}\"?"
)

_VENDORS = (
    r"\b(?:dop_v1_[a-f0-9]{64}|dckr_pat_[\w-]{20,}|hvs\.[\w-]{20,}|lin_api_\w{30,}"
    r"|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|dapi[a-f0-9]{32}|glsa_\w{32,}|pscale_\w+_[\w.-]{30,}"
    r"|NRAK-[A-Z0-9]{27}|sntrys_[\w=+/-]{40,}|PMAK-[a-f0-9-]{50,}|HRKU-[\w-]{30,}|sbp_[a-f0-9]{40}"
    r"|ntn_\w{40,}|AGE-SECRET-KEY-1[0-9A-Z]{50,}|[a-zA-Z0-9]{14}\.atlasv1\.[\w-]{40,})"
)
_VENDOR_HINTS = (
    *("dop_v1_", "dckr_pat_", "hvs.", "lin_api_", "shpat_", "shpca_", "shppa_", "shpss_", "dapi"),
    *("glsa_", "pscale_", "nrak-", "sntrys_", "pmak-", "hrku-", "sbp_", "ntn_", "age-secret-key-1"),
    ".atlasv1.",
)


_HASHES = (
    r"\$(?:apr1|1)\$[./A-Za-z0-9]{0,8}\$[./A-Za-z0-9]{22}"
    r"|\$[56]\$(?:rounds=\d{1,9}\$)?[./A-Za-z0-9]{0,16}\$[./A-Za-z0-9]{43,86}"
    r"|\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}"
    r"|\$(?:g?y|7)\$[./A-Za-z0-9$]{20,200}"
    r"|\$argon2(?:id?|d)\$v=\d{1,4}\$[\w=,]{1,60}\$[\w+/]{8,100}\$[\w+/]{16,200}"
    r"|\bpbkdf2_sha\d{1,3}\$\d{1,9}\$\w{1,64}\$[\w+/]{20,100}=*|\{SSHA\d{0,3}\}[\w+/]{20,120}=*"
)
"""As in htpasswd, shadow and databases: what is guessed from them is the password."""
_HASH_HINTS = (
    "$apr1$",
    "$1$",
    "$5$",
    "$6$",
    "$2",
    "$y$",
    "$gy$",
    "$7$",
    "$argon2",
    "pbkdf2_",
    "{ssha",
)


@cache
def rules() -> tuple[Rule, ...]:
    """In the order in which they are applied."""
    return (
        whole("aws-key", ("akia", "asia", "abia", "acca"), r"\bA(?:KI|SI|BI|CC)A[0-9A-Z]{16}\b"),
        value(
            "aws-secret",
            ("aws",),
            r"(?i:aws[\w.-]{0,30}(?:secret|key))[\"']?(?:\s{0,3}[=:]\s{0,3}|\s{1,3})[\"']?"
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
        whole("vendor-token", _VENDOR_HINTS, _VENDORS),
        whole("password-hash", _HASH_HINTS, _HASHES),
        value(  # of a shared access link, or of a presigned one
            "url-signature",
            ("sig=", "signature="),
            r"[?&;](?i:sig|signature|x-(?:amz|goog)-signature)=(?P<value>[A-Za-z0-9%+/=_-]{20,400})",
        ),
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
        value(
            "authorization",
            ("authorization",),
            r"(?i:authorization)[\"']?\s{0,3}[=:]\s{0,3}[\"']?"
            r"(?P<value>(?=[^\s\"',<]{0,80}\d)[^\s\"',<]{20,})",
        ),
        value("bearer", ("bearer ",), r"\b(?i:bearer) (?P<value>[A-Za-z0-9._~+/-]{20,}=*)"),
        Rule(
            ("cookie",),
            re.compile(
                r"(?P<head>(?i:(?<![\w-])(?:set-)?cookie)[\"']?\s{0,3}[:=]\s{0,3}[\"']?)"
                r"(?P<rest>[^\n]{3,8192})"
            ),
            _cookies,
        ),
        # A file, or a line of output, that is 64 hexadecimal digits and nothing else: the keys
        # that seal what PostDevAI keeps are written so. Sums stand beside a name.
        value(
            "key-file", ("",), r"(?m)^[+\-]?[ \t]{0,12}(?P<value>[0-9a-f]{64}|[0-9A-F]{64})(?=\r?$)"
        ),
        # A file, or an output, that is one word made by a machine and nothing else.
        value(
            "key-file",
            ("",),
            r"\A\s*(?P<value>(?=[\w+/=-]*[a-z])(?=[\w+/=-]*[A-Z])(?=(?:[\w+/=-]*?\d){3})"
            r"[\w+/=-]{32,200})\s*\Z",
        ),
    )

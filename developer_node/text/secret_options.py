"""Secrets that programs are handed on their command line, by the options that take them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from developer_node.text.secret_shapes import Rule, taking_value, value

_PAIR = r"[^\s:\"'<]{1,100}:"
_EITHER = r"(?:=|\s{1,3})?"
_APART = r"(?:=|\s{1,3})"

_OPTIONS: tuple[tuple[tuple[str, ...], str, str, str, str], ...] = (
    # hints, programs, options, what stands between, what of the value is no secret
    (
        ("curl", "http", "xh ", "wget", "lftp"),
        "curl|https?|xh|wget|lftp",
        "-[a-zA-Z]{0,6}[uaU]|--user|--proxy-user|--auth",
        _EITHER,
        _PAIR,
    ),
    (
        ("mysql", "mariadb", "mycli", "xtrabackup"),
        r"mysql\w{0,20}|mariadb[\w-]{0,20}|mycli|xtrabackup",
        "-p",
        "",
        "",
    ),
    (("7z", "rar "), "7z[ar]?|rar", "-p|-hp", "", ""),
    (("sshpass",), "sshpass", "-p", _EITHER, ""),
    (("redis-cli",), "redis-cli", "-a|--pass", _APART, ""),
    (("mongo",), r"mongo\w{0,20}", "-p", _EITHER, ""),
    (
        (" login",),
        r"(?:docker|podman|nerdctl|buildah|skopeo|helm|oc|az|crane)(?:\s+\w+)?\s+login",
        "-p",
        _EITHER,
        "",
    ),
    (("ldap",), r"ldap\w{1,20}", "-w", _EITHER, ""),
    (("zip",), "zip|unzip", "-P", _EITHER, ""),
    (("ssh-keygen",), "ssh-keygen", "-N|-P", _APART, ""),
    (("sqlcmd", "bcp "), "sqlcmd|bcp", "-P", _EITHER, ""),
    (("keytool", "jarsigner"), "keytool|jarsigner", r"-(?:dest|src)?(?:store|key)pass", _APART, ""),
    (("openssl",), "openssl", "-pass(?:in|out)?", _APART, "pass:"),
    (("openssl",), "openssl", "-k|-K", _APART, ""),
    (("smb", "rpcclient"), "smb\\w{1,20}|rpcclient", "-U|--user", _EITHER, r"[^\s%\"'<]{1,100}%"),
)


@cache
def options() -> tuple[Rule, ...]:
    """Bounded in how far they look, so that no line holds them up."""
    rules = [rule for option in _OPTIONS for rule in _option(*option)]
    return (*rules, *_fed(), *_htpasswd(), Rule(("--from-literal",), _LITERAL_LINE, _literals))


_LITERAL_LINE = re.compile(r"[^\n]{0,8192}--from-literal[^\n]{0,8192}")
_LITERAL = re.compile(
    r"--from-literal(?:=|\s{1,3})[\"']{0,5}[\w.-]{1,200}=(?P<value>[^\s\"'<$][^\s\"']{0,800})"
)


def _literals(line: re.Match[str]) -> str:
    """Of a Kubernetes secret; those of a config map are for everybody."""
    if "configmap" in line[0]:
        return line[0]
    return _LITERAL.sub(taking_value("password"), line[0])


def _fed() -> Iterator[Rule]:
    """Through a pipe, or a here-string."""
    word = r"(?P<quote>[\"']?)(?P<value>[^\s\"'<$-][^\n\"'|]{0,400}?)(?P=quote)"
    said = r"\b(?:echo(?:\s+-[neE]{1,3}){0,3}|printf(?:\s+[\"']{1,5}%s(?:\\n)?[\"']{1,5})?)\s+"
    sudo = r"sudo\b(?=[^\n|;&]{0,80}?\s(?:-[a-zA-Z]{0,6}S|--stdin)\b)"
    user = word.replace("(?P<value>", r"[\w.-]{1,100}:(?P<value>")
    yield value("password", ("chpasswd",), rf"{said}{user}\s*\|\s*(?:sudo\s+)?chpasswd")
    yield value("password", ("sudo",), rf"{said}{word}(?:\\n)?\s*\|\s*{sudo}")
    yield value(
        "password",
        ("sudo",),
        rf"{sudo}[^\n|;&<]{{0,200}}<<<\s*(?P<quote>[\"']?)(?P<value>[^\s\"'<$][^\n\"'|;]{{0,400}}?)"
        r"(?:(?P=quote)(?=[\s;|&]|$)|(?=[\"'\n]|$))",
    )


def _htpasswd() -> Iterator[Rule]:
    """The last word, behind the user and, unless it is only printed, the file."""
    for is_printed, words in (("=", 1), ("!", 2)):
        yield value(
            "password",
            ("htpasswd",),
            r"(?<![\w-])htpasswd(?=[^\n|;&]{0,80}?\s-[a-zA-Z]{0,8}b)"
            rf"(?{is_printed}[^\n|;&]{{0,80}}?\s-[a-zA-Z]{{0,8}}n)"
            r"(?:\s+-(?:[a-zA-Z]{0,8}C\s{1,3}\d{1,2}(?=\s)|(?![a-zA-Z]{0,8}C\s)[\w-]{1,20})){1,8}"
            rf"(?:\s+[^\s;|&<>-][^\s;|&<>]{{0,200}}){{{words}}}\s+"
            r"(?P<quote>[\"']?)(?P<value>[^\s\"'<>$;|&][^\s\"'<>;|&]{0,400})",
        )


def _option(
    hints: tuple[str, ...], programs: str, names: str, between: str, before: str
) -> Iterator[Rule]:
    start = rf"(?<![\w-])(?:{programs})(?:\s[^\n|;]{{0,400}}?)?\s"
    quoted = r"(?P<value>[^\"'\n<][^\"'\n]{0,400})(?P=quote)"
    bare = r"(?P<value>[^\s\"'<$-][^\s\"']{0,400})"
    for rest in (
        rf"(?:{names}){between}{before}{bare}",
        rf"(?:{names}){between}(?P<quote>[\"']){before}{quoted}",
        rf"(?P<quote>[\"'])(?:{names}){between}{before}{quoted}",
    ):
        yield value("password", hints, start + rest)

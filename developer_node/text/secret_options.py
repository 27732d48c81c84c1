"""Secrets that programs are handed on their command line, by the options that take them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from developer_node.text.secret_shapes import Rule, value

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
    (("smb", "rpcclient"), "smb\\w{1,20}|rpcclient", "-U|--user", _EITHER, r"[^\s%\"'<]{1,100}%"),
)


@cache
def options() -> tuple[Rule, ...]:
    """Bounded in how far they look, so that no line holds them up."""
    rules = [rule for option in _OPTIONS for rule in _option(*option)]
    fed = (
        r"\becho\s+(?:-n\s+)?(?P<quote>[\"']?)[\w.-]{1,100}:(?P<value>[^\s\"'<][^\n\"'|]{0,400}?)"
        r"(?P=quote)\s*\|\s*(?:sudo\s+)?chpasswd"
    )
    return (*rules, value("password", ("chpasswd",), fed))


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

"""Secrets that are known by their name alone: any word can be one."""

from __future__ import annotations

import re
from functools import cache

_PASS = r"(?:pass(?:word|wd|phrase|code)|(?<![a-z])pwd)"
_KEY_WORD = (
    rf"(?:{_PASS}|secret[_-]?key[_-]?base|secret|token(?!iz)|api[_-]?key|access[_-]?key|auth[_-]?key|"
    r"private[_-]?key|account[_-]?key|credential)"
)
_NO_VALUE = (
    r"(?!(?i:str|string|bytes|int|float|bool|boolean|number|integer|any|none|null|nil|undefined|"
    r"true|false|yes|no|object|text|optional|required|self|this|function|void|char|varchar|"
    r"missing|invalid|empty|wrong|incorrect|expired|password|passwd|secretstr|"
    r"unset|unknown|changed|ok|on|off|error|failed|x+|\*+|\.+)[?!.,;]?\s*$)"
)
"""What stands behind the word in code and messages; nobody is safer for taking it."""

_NO_ANSWER = (
    r"(?!(?i:again|is|was|for|to|too|must|needed|protected|mismatch|accepted|rejected|denied|done|"
    r"updated|set|reset|retry|authentication|permission|prompt|cache|cached|file|agent)\b)"
)
"""What programs say of one, and nobody types."""

NAMES_SECRET = re.compile(
    r"passw|passphrase|passcode|pwd|secret|token|key|credential|pass=|pass:|login"
)
"""In lower case; only lines with such a word are looked at closely."""


@cache
def named() -> tuple[re.Pattern[str], ...]:
    """For one line each, with the group "value"."""
    return (
        # name = "literal": only a literal, so that code which merely handles secrets stays.
        re.compile(
            rf"(?i:{_KEY_WORD}[\w-]{{0,40}})[\"'\]]{{0,2}}\s{{0,4}}"
            r"(?::\s{0,2}[A-Za-z][\w.|\[\] ]{0,40}=|:=|=>|=|:)\s{0,4}[bru]?"
            r"(?P<quote>[\"'])(?P<value>[^\s\"'<{$%][^\s\"']{2,400})(?P=quote)"
        ),
        # The same for pass phrases of two to four words.
        re.compile(
            rf"(?i:{_PASS})[\"'\]]{{0,2}}\s{{0,4}}(?:=>|=|:)\s{{0,4}}"
            r"(?P<quote>[\"'])"
            r"(?P<value>[^\s\"'<{$%][^\s\"']{0,60}(?: [^\s\"']{1,60}){1,3})(?P=quote)"
        ),
        # NAME=value as in a shell, an env file or a log; --name value as on a command line.
        re.compile(
            r"(?:(?<=^)|(?<=[\s;\"'+-]))(?!OLDPWD)"
            r"[A-Z][A-Z0-9_]{0,60}(?:PASSWORD|PASSWD|PASS|PASSPHRASE|PWD)S?"
            r"=(?:(?P<quote>[\"'])(?=[^\"'\n]{1,400}(?P=quote))|(?![$<{(\"'/~]))"
            r"(?P<value>(?(quote)[^\"'\n]{1,400}|[^\s\"';]{1,400}))"
        ),
        re.compile(
            r"(?:(?<=^)|(?<=[\s;\"'+-]))"
            r"[A-Z][A-Z0-9_]{0,60}(?:SECRET|TOKEN|KEY(?:_BASE)?|CREDENTIAL)S?"
            r"=(?![$<{(\"'])(?P<value>[^\s\"',;)]{6,400})"
        ),
        re.compile(
            rf"--(?i:[\w-]{{0,40}}?{_KEY_WORD})(?:=|\s+)(?P<quote>[\"'])"
            r"(?P<value>[^\"'\n<$][^\"'\n]{2,400})(?P=quote)"
        ),
        re.compile(
            rf"--(?i:[\w-]{{0,40}}?{_KEY_WORD})(?:=|\s+)(?![-$<\"'])(?P<value>[^\s\"';]{{3,400}})"
        ),
        # password: word, as in yaml and ini, at the end of its line; password=word in a log too.
        re.compile(
            rf"(?i:{_PASS})[\"']?(?:\s{{0,4}}:\s{{1,4}}|\s{{0,4}}=\s{{0,4}})"
            rf"{_NO_VALUE}(?P<value>[^/~\s\"'<>(){{}}\[\],;.$*&!|][^\s\"'<>(){{}}\[\],;]{{2,400}})(?=\s*$)"
        ),
        re.compile(
            rf"(?i:{_PASS})=(?P<value>[^/~\s\"'<>(){{}}\[\],;.$&*][^\s\"'<>(){{}}\[\],;&]{{2,400}})"
            r"(?=[\s;&])"
        ),
        # Others: only values that no identifier or number could be.
        re.compile(
            rf"(?i:{_KEY_WORD})\s{{0,4}}[=:]\s{{0,4}}"
            r"(?P<value>(?=[^\s]{0,99}\d)(?=[^\s]{0,99}[A-Za-z])[^\s\"'<>(){}\[\],;.$]{6,400})(?=\s*$)"
        ),
        re.compile(
            r"(?i:(?:^|[\s\"'<>*])(?:x-[\w-]{0,40}(?:key|token|secret|auth)|api-?key)):\s{0,3}"
            r"(?P<value>[^\s\"',<$]{6,400})"
        ),
        re.compile(rf"[?&](?i:[\w-]{{0,40}}{_KEY_WORD})=(?P<value>[^\s\"'&<>#${{]{{3,800}})"),
        # <password>word</password>, as Maven keeps it
        re.compile(rf"<(?i:[\w.:-]{{0,40}}{_KEY_WORD})>(?P<value>[^<>\s${{][^<>\n]{{0,400}})</"),
        # passphrase word, alone on its line, as in settings
        re.compile(
            rf"^[+\-]?\s{{0,40}}(?:set\s+)?passphrase\s+{_NO_VALUE}{_NO_ANSWER}"
            r"(?P<quote>[\"']?)(?P<value>[^\s\"'<>(){}=:;.,$|&-][^\s\"'<>(){}=:;,|&]{2,400})(?P=quote)\s*$"
        ),
        # What was typed at a prompt that shows it: Enter host password for user 'bob': word
        re.compile(
            rf"(?i:(?:^\W{{0,8}}|\[sudo\] |enter (?:\w+ ){{0,2}})pass(?:word|phrase) for )"
            rf"[^\n]{{1,150}}?:\s{{1,3}}{_NO_VALUE}{_NO_ANSWER}"
            r"(?P<value>[^\s\"'<>$][^\s\"'<>]{2,400})[\"']{0,5}\s*$"
        ),
        # .netrc
        re.compile(r"\blogin\s+\S{1,100}\s+password\s+(?P<value>[^\s<]\S{0,400})"),
    )

"""Secrets go, everything else stays, and nobody is asked over the network."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from developer_node.text.redaction import redact, redact_bytes, taken
from tests.support.planted import PLANTED, Planted

# Made up, and put together here so that no scanner of this repository takes them for real.
A40 = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6kL9n"
SECRETS = {
    "aws-key": ("key: AKIA" + "IOSFODNN7EXAMPLE", "AKIA" + "IOSFODNN7EXAMPLE"),
    "aws-secret": (f"aws_secret_access_key = {A40}", A40),
    "github-token": (f"remote: ghp_{A40}", f"ghp_{A40}"),
    "gitlab-token": ("glpat-" + A40[:20], "glpat-" + A40[:20]),
    "slack-token": ("xoxb-" + "123456789012-abcdefABCDEF", "123456789012-abcdefABCDEF"),
    "stripe-key": ("sk_live_" + A40[:24], A40[:24]),
    "google-key": ("AIza" + A40[:35], A40[:35]),
    "api-key": ("sk-proj-" + A40, A40),
    "jwt": ("eyJhbGciOiJI." + "eyJzdWIiOiIx." + "SflKxwRJSMeKKF2QT4", "SflKxwRJSMeKKF2QT4"),
    "connection-password": ("postgresql://shop:hunter22@db:5432/x", "hunter22"),
    "authorization": ("Authorization: Bearer abcdefgh1234", "abcdefgh1234"),
    "password": ('password = "correct-horse"', "correct-horse"),
    "discord-bot-token": (
        "https://discord.com MTk4NjIyNDgzNDcxOTI1MjQ4" + ".Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs",
        "ZnCjm1XVW7vRze4b7Cq4se7kKWs",
    ),
    "high-entropy": (f'x = "{A40}"', A40),
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_replaced_by_its_kind(kind: str) -> None:
    text, secret = SECRETS[kind]
    redacted = redact(f"before\n{text}\nafter")
    assert secret not in redacted
    assert f"<redacted:{kind}>" in redacted
    assert redacted.startswith("before\n")
    assert redacted.endswith("\nafter")


@pytest.mark.parametrize(
    "text",
    [
        "DB_PASSWORD=hunter22 make",
        "mysql --password hunter22",
        "docker login --token=hunter22",
        "password: hunter22",
        '{"api_key": "hunter22"}',
        "def f(token: str = 'hunter22'): ...",
        "E       AssertionError: assert 1 == 2  # secret='hunter22'",
        "export API_TOKEN=hunter22",
    ],
)
def test_a_value_that_calls_itself_a_secret_is_one(text: str) -> None:
    assert "hunter22" not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "token = next(tokens)",
        "def login(password: str, token: Token) -> None:",
        "self.secret = secret",
        "if key == other.key: return tokens[key]",
        "commit 5e42b80f2c1d4a6b8e9f0a1b2c3d4e5f6a7b8c9d",
        "--hash=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        '"integrity": "sha512-K9LmS3qR7tVwXyZ0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uVwXyZ1aB2cD3eF4g=="',
        "tests/unit/test_a_long_name_for_2_things_and_3_more.py::test_x PASSED [ 50%]",
        "http://localhost:8080/a/b",
        "git@github.com:owner/name.git",
        "PATH=/usr/local/bin:/usr/bin",
        "a = parser.add_argument('--password', help='the password')",
    ],
)
def test_code_that_only_handles_secrets_and_public_sums_stay(text: str) -> None:
    assert redact(text) == text


def test_a_private_key_goes_line_by_line_whether_or_not_it_ends() -> None:
    body = "\n".join(["MIIEpAIBAAKCAQEA7", "b3Jz+/c2FtcGxl", "ZXhhbXBsZQ=="])
    for head in ("-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN OPENSSH PRIVATE KEY-----"):
        for tail in ("\n" + head.replace("BEGIN", "END") + "\nrest", ""):
            text = f"{head}\n{body}{tail}"
            redacted = redact(text)
            assert not any(line in redacted for line in body.split("\n"))
            assert redacted.count("\n") == text.count("\n")
            assert not tail or redacted.endswith("\nrest")


def test_a_private_key_on_one_line_and_in_a_diff_goes() -> None:
    begin, end = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"
    assert "MIIEpAIB" not in redact(f'key = "{begin}\\nMIIEpAIBAAKC\\n{end}\\n"')
    assert "MIIEpAIB" not in redact(f"+{begin}\n+MIIEpAIBAAKC\n+{end}\n")


texts = st.lists(
    st.sampled_from([text for text, _ in SECRETS.values()])
    | st.text(max_size=60)
    | st.sampled_from(["-----BEGIN PRIVATE KEY-----", "abc", "-----END PRIVATE KEY-----", ""]),
    max_size=12,
).map("\n".join)


@given(texts)
def test_lines_stay_lines(text: str) -> None:
    assert redact(text).count("\n") == text.count("\n")


@given(texts)
def test_a_second_pass_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.binary(max_size=200))
def test_bytes_that_are_no_text_come_out_as_they_went_in(data: bytes) -> None:
    mark = b"\xff\xfe" + data.replace(b"\n", b"")
    assert redact_bytes(mark).startswith(b"\xff\xfe")
    assert redact_bytes(b"\xff\xfe\x00\n") == b"\xff\xfe\x00\n"


def test_no_socket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """detect-secrets can verify what it finds by calling the service that issued it."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for kind, (text, secret) in SECRETS.items():
        assert secret not in redact(text), kind
    redact("AC" + "0123456789abcdef" * 2 + " 0123456789abcdef0123456789abcdef-us12")


def test_plain_output_costs_no_import_of_the_second_opinion() -> None:
    """It brings an HTTP client along, and the prompt waits."""
    code = (
        "import sys\n"
        "from developer_node.text.redaction import redact\n"
        "redact(sys.stdin.read())\n"
        "print([m for m in ('detect_secrets', 'requests', 'ssl') if m in sys.modules])\n"
    )
    plain = "tests/test_a.py::test_b PASSED [ 50%]\nE   assert 1 == 2\n" * 100
    done = subprocess.run(
        [sys.executable, "-c", code], input=plain, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_half_a_megabyte_in_one_line_and_in_many_comes_through() -> None:
    """A pattern that backtracks would not end within this suite's timeout."""
    for text in ("a" * 500_000, "password_" * 55_000, "A1b" * 170_000, "x=\n" * 170_000):
        assert redact(text).count("\n") == text.count("\n")


def _places(planted: Planted) -> dict[str, str]:
    """The four places, as redaction meets them."""
    return {
        "command": planted.command,
        "command of an argv": shlex.join(["sh", "-c", planted.command]),
        "output": f"before\n{planted.text}\nafter\n",
        "output of Windows": f"before\r\n{planted.text}\r\nafter\r\n".replace("\n\r", "\r"),
        "coloured output": f"before\n\x1b[1m{planted.text}\x1b[0m\nafter\n",
        "file": f"{planted.text}\n",
        "indented file": "    " + planted.text.replace("\n", "\n    ") + "\n",
        "patch": "@@ -1 +1,2 @@\n line\n+" + planted.text.replace("\n", "\n+") + "\n",
        "commit message": f"configure the shop\n\n{planted.text}\n",
    }


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.shape)
def test_nothing_planted_stays_in_any_place(planted: Planted) -> None:
    for place, text in _places(planted).items():
        redacted = redact(text)
        assert planted.secret not in redacted, place
        assert redact(redacted) == redacted, place
        assert taken(redacted), place


def test_a_secret_that_colours_cut_in_pieces_goes_with_its_colours() -> None:
    """As grep shows what it found."""
    line = "\x1b[32mtoken:\x1b[0m gh" + "\x1b[01;31m\x1b[Kp_" + f"\x1b[m\x1b[K{A40[:38]}"
    redacted = redact(f"\x1b[32mgreen\x1b[0m\n{line}\n")
    assert A40[10:30] not in redacted
    assert redacted.startswith("\x1b[32mgreen\x1b[0m\n"), "other lines keep their colours"


def test_a_key_whose_beginning_was_left_out_goes_as_far_up_as_it_stands() -> None:
    body = "\n".join([A40 + A40[:24]] * 3)
    text = f"make: done\n[9 bytes left out]\n{body}\nQQ==\n-----END EC PRIVATE KEY-----\nrest"
    redacted = redact(text)
    assert A40 not in redacted
    assert "QQ==" not in redacted
    assert redacted.startswith("make: done\n[9 bytes left out]\n")
    assert redacted.endswith("-----END EC PRIVATE KEY-----\nrest")


@pytest.mark.parametrize(
    "text",
    [
        "password: correct",
        "PGPASSWORD=abc psql",
        "curl -sSu me:pw9 https://x",
        "curl -X POST --user 'me:two words' https://x",
        "mysqldump '-pa b' shop",
        "sshpass -p abc ssh x",
        "redis-cli -h x -a abc ping",
        "docker login -u me -p abc registry.example",
        "openssl rsa -passin pass:abc -in key.pem",
        "echo 'me:abc' | sudo chpasswd",
        "login me password abc",
        "Cookie: a=abc; b=abc",
        "GET /x?access_token=abc&y=1",
        "password = 'two words'",
        "X-Api-Key: abcdefg",
        "Server=db;User=me;Password=abc;Timeout=3",
        "htpasswd -nb me abc",
        "htpasswd -nbB -C 10 me abc > users",
        "htpasswd -bBc users me abc 2>/dev/null",
        "openssl aes-256-cbc -k abc -in f",
        "set passphrase abc",
        "kubectl create secret generic x --from-literal a=abc --from-literal 'b=abc'",
        "echo 'two words' | sudo -S true",
        "printf 'abc\\n' | sudo -kS true",
        "sudo -S true <<< 'two words'; ls",
        "Password for 'https://me@example.org': abc",
        "db:\n  - password: >-\n      two words\n\n      abc\n    user: me",
        "-password: |\r\n-  abc\r\n",
    ],
)
def test_what_programs_are_handed_as_a_secret_is_one(text: str) -> None:
    taken_out = redact(text)
    for secret in ("abc", "pw9", "two words", "correct", "a b"):
        assert secret not in taken_out


@pytest.mark.parametrize(
    "text",
    [
        "password: str",
        "password: string",
        "password: Optional[str] = None",
        "password: required",
        "docker run -u 1000:1000 -p 8080:80 image",
        "mysql -p -u root shop",
        "ssh -p 2222 host",
        "OLDPWD=/home/me/work",
        "PWD=/home/me",
        "cookie = request.cookies.get(name)",
        "from http.cookies import SimpleCookie",
        "-----BEGIN CERTIFICATE-----",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  dist/a.whl",
        "key: value",
        "for key, token in tokens.items():",
        "KeyError: 'password'",
        "?page=2&key=name",
        "passphrase required",
        "Enter passphrase for key '/home/me/.ssh/id':",
        "Enter host password for user 'me':",
        "Changing password for me: done",
        "password for user me: denied",
        "kubectl create configmap x --from-literal=mode=development",
        "echo done | sudo tee /etc/motd",
        "htpasswd -c users me",
        "openssl req -new -key key.pem",
        "description: |\n  how a token is made",
        "token: |\n  ${{ secrets.TOKEN }}",
        "password: |\nuser: me",
        "text.replace(/a(b)c/, '$1$2')",
        "GET /find?sig=abc&page=2",
        "cp -p a b && curl -fsSL https://example.org/install.sh",
    ],
)
def test_what_only_looks_like_handing_over_a_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_what_was_taken_is_told_with_its_place_and_rule() -> None:
    text = redact("PGPASSWORD=abc psql && curl -H 'Cookie: sid=abc'")
    assert [(text[a:b], rule) for a, b, rule in taken(text)] == [
        ("<redacted:password>", "password"),
        ("<redacted:cookie>", "cookie"),
    ]


def test_hostile_lines_do_not_hold_anybody_up() -> None:
    """The suite's time limit is the judge."""
    for word in (
        "mysql -",
        "curl -u ",
        "a:1:",
        "cookie: ",
        "login x password ",
        "?token=",
        "htpasswd -b ",
        "passphrase ",
        "enter password for ",
        "--from-literal=a=",
        "echo a | sudo -S ",
        "sudo -S <<< ",
        "$apr1$",
        "token: |",
        "\x1b[1m",
    ):
        text = word * (400_000 // len(word))
        assert redact(text).count("\n") == 0


@pytest.mark.parametrize(
    "text",
    [
        'tokenizer_class = "AutoTokenizer"',
        "headers = {'Authorization': v4auth_header}",
        '"tokenizer_file": "tokenizer.json",',
    ],
)
def test_words_that_only_begin_like_a_secret_stay(text: str) -> None:
    assert redact(text) == text

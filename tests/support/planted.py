"""Secrets that are planted, in twenty-four shapes, each as a command and as a line of text.

Made up, and put together here so that no scanner of this repository takes them for real.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


def _made(name: str, length: int) -> str:
    """Letters of both cases and digits, the same each time."""
    alphabet = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    drawn = b"".join(hashlib.sha256(f"{name}{i}".encode()).digest() for i in range(8))
    return "".join(alphabet[byte % len(alphabet)] for byte in drawn[:length])


def _hex(name: str, length: int) -> str:
    return (hashlib.sha256(name.encode()).hexdigest() * 2)[:length]


@dataclass(frozen=True, slots=True)
class Planted:
    """One secret; `command` and `text` are how it is met in the wild."""

    shape: str
    secret: str
    """None of it may be found anywhere."""
    command: str
    """As typed, in sh."""
    text: str
    """Lines of output, of a file, of a commit message."""


def _one(shape: str, secret: str, command: str, text: str) -> Planted:
    return Planted(shape, secret, command.replace("@@", secret), text.replace("@@", secret))


_JWT = f"{'eyJ' + _made('jwt1', 18)}.{'eyJ' + _made('jwt2', 30)}.{_made('jwt3', 43)}"
_PEM = "\n".join(_made(f"pem{i}", 64) for i in range(4))

PLANTED: tuple[Planted, ...] = (
    _one(
        "aws-key",
        "AKIA" + _hex("aws", 16).upper(),
        "aws configure set aws_access_key_id @@",
        "aws_access_key_id = @@",
    ),
    _one(
        "aws-secret",
        _made("awssecret", 40),
        "aws configure set aws_secret_access_key @@",
        "AWS_SECRET_ACCESS_KEY=@@",
    ),
    _one(
        "github-token",
        "ghp_" + _made("github", 36),
        "git clone https://x-access-token:@@@github.com/a/b",
        "remote: @@ is not valid",
    ),
    _one(
        "gitlab-token",
        "glpat-" + _made("gitlab", 20),
        "curl --header 'PRIVATE-TOKEN: @@' https://gitlab.example/api",
        "PRIVATE-TOKEN: @@",
    ),
    _one(
        "slack-token",
        "xoxb-" + _hex("slack", 12) + "-" + _made("slack", 24),
        "SLACK=@@ make notify",
        "slack: posting with @@",
    ),
    _one(
        "stripe-key",
        "sk_live_" + _made("stripe", 24),
        "stripe login --api-key @@",
        "STRIPE_KEY=@@",
    ),
    _one(
        "api-key",
        "sk-proj-" + _made("openai", 40),
        "OPENAI_API_KEY=@@ python ask.py",
        'api_key="@@"',
    ),
    _one("jwt", _JWT, "http GET :8000/me 'Authorization: Bearer @@'", "Authorization: Bearer @@"),
    _one(
        "private-key",
        _PEM.split("\n")[2],
        f"printf %s '-----BEGIN RSA PRIVATE KEY-----\n{_PEM}\n-----END RSA PRIVATE KEY-----'",
        f"-----BEGIN RSA PRIVATE KEY-----\n{_PEM}\n-----END RSA PRIVATE KEY-----",
    ),
    _one(
        "cut-private-key",
        _made("cut", 64),
        "printf '%s\\n' '@@' '-----END RSA PRIVATE KEY-----'",
        f"[1000 bytes left out]\n{_made('cutter', 64)}\n@@\nQ2Fu==\n-----END RSA PRIVATE KEY-----",
    ),
    _one(
        "connection-password",
        "violet-kettle",
        "psql postgresql://shop:@@@db.example:5432/shop",
        "DATABASE_URL=postgresql://shop:@@@db.example:5432/shop",
    ),
    _one("password-word", "marzipan", "PGPASSWORD=@@ psql -h db shop", "password: @@"),
    _one(
        "user-and-password", "brambleberry", "curl -u deploy:@@ https://ci.example", "DB_PASS='@@'"
    ),
    _one("glued-password", "lighthouse9", "mysql -u root -p@@ shop", "<password>@@</password>"),
    _one(
        "cookie",
        "s3ss10n" + _made("cookie", 9),
        "curl -H 'Cookie: sid=@@; theme=dark' https://shop.example",
        "Set-Cookie: sid=@@; Path=/; HttpOnly",
    ),
    _one("key-file", _hex("keyfile", 64), "SEALING_KEY=@@ make seal", "@@"),
    _one(
        "secret-key-base",
        _hex("rails", 64) + _hex("base", 64),
        "SECRET_KEY_BASE=@@ rails server",
        "secret_key_base: @@",
    ),
    _one(
        "url-signature",
        _made("sas", 43) + "%3D",
        "azcopy copy f 'https://shop.blob.example/c?sv=2022-11-02&sp=r&sig=@@'",
        "https://shop.blob.example/c/f?sv=2022-11-02&sr=b&sp=r&sig=@@",
    ),
    _one(
        "block-of-yaml",
        "quince-and-thyme",
        "PASSWORD=@@ helm upgrade shop .",
        "password: |\n  @@\nuser: shop",
    ),
    _one(
        "user-file",
        "parsnip-soup",
        "htpasswd -b users bob @@",
        "+ htpasswd -b users bob @@",
    ),
    _one(
        "pass-phrase",
        "walnut-bread",
        "openssl enc -aes-256-cbc -k @@ -in f",
        "passphrase @@",
    ),
    _one(
        "literal",
        "cinnamon-roll",
        "kubectl create secret generic shop --from-literal=key=@@",
        "$ kubectl create secret generic shop --from-literal=a=b --from-literal=key=@@",
    ),
    _one(
        "fed-to-sudo",
        "elderflower",
        "echo @@ | sudo -S -k true",
        "[sudo] password for bob: @@",
    ),
    _one(
        "password-hash",
        "$apr1$" + _made("salt", 8) + "$" + _made("apr1", 22),
        "grep 'bob:@@' users",
        "bob:@@",
    ),
    _one(
        "asked-for",
        "gooseberry",
        "printf '%s\\n' @@ | sudo -S -p '' true",
        "Enter host password for user 'bob': @@",
    ),
)
"""Twenty-four shapes: a private key is planted whole and cut."""

"""What detect-secrets thinks of a line; its detectors are only read, never asked to verify.

Importing them costs 0.15 s (they bring an HTTP client along), so this is imported on demand.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Protocol, cast

from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.cloudant import CloudantDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.softlayer import SoftlayerDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

ENTROPY_BITS_MIN = 4.5
"""Per character; detect-secrets' own default. Words and paths stay below."""


class _Detector(Protocol):
    secret_type: str

    def analyze_string(self, string: str) -> object: ...


@cache
def _detectors() -> tuple[_Detector, ...]:
    detectors = (
        ArtifactoryDetector(),
        AzureStorageKeyDetector(),
        CloudantDetector(),
        DiscordBotTokenDetector(),
        MailchimpDetector(),
        NpmDetector(),
        SoftlayerDetector(),
        SquareOAuthDetector(),
        TelegramBotTokenDetector(),
        TwilioKeyDetector(),
    )
    return cast(tuple[_Detector, ...], detectors)


@cache
def _entropy() -> Base64HighEntropyString:
    return Base64HighEntropyString(limit=ENTROPY_BITS_MIN)


def secrets_in(line: str) -> list[tuple[str, str]]:
    """Kind and secret, longest first. `analyze_string` finds; only `analyze_line` can verify."""
    found = {
        (_kind(detector.secret_type), secret.strip().strip("\"'"))
        for detector in _detectors()
        for secret in cast("list[str]", detector.analyze_string(line))
    }
    found |= {("high-entropy", s) for s in _random_strings(line)}
    return sorted((f for f in found if len(f[1]) >= 8), key=lambda f: -len(f[1]))


def _random_strings(line: str) -> list[str]:
    if "sha256-" in line or "sha512-" in line or "sha384-" in line:
        return []  # integrity sums of lock files: public, and what search is asked for
    plugin = _entropy()
    strings = list(plugin.analyze_string(line))
    return [s for s in strings if _looks_random(s, plugin.calculate_shannon_entropy(s))]


def _looks_random(text: str, entropy_bits: float) -> bool:
    mixed = re.search(r"[A-Z]", text) and re.search(r"[a-z]", text) and re.search(r"\d", text)
    return len(text) >= 20 and bool(mixed) and entropy_bits > ENTROPY_BITS_MIN


def _kind(secret_type: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", secret_type.lower()).strip("-")

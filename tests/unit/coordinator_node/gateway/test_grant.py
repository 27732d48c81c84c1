"""What makes a Coordinator, as it arrives."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.errors import Corrupt
from coordinator_node.engine.settings import NatsSettings
from coordinator_node.gateway import grant as module
from coordinator_node.gateway.authority import FILES
from coordinator_node.gateway.grant import Grant, opened, sealed


def test_a_grant_that_is_larger_than_any_is_not_even_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = X25519PrivateKey.generate()
    nats = NatsSettings("g1", ("tls://10.0.0.1:4222",), 3)
    given = Grant(dict.fromkeys(FILES, "x"), nats, {}, {})
    data = sealed(given, key.public_key().public_bytes_raw(), "code", "secret", "csr")
    monkeypatch.setattr(module, "GRANT_BYTES_MAX", len(data))
    assert opened(data, key, "code", "secret", "csr") == given
    monkeypatch.setattr(module, "GRANT_BYTES_MAX", len(data) - 1)
    with pytest.raises(Corrupt, match="is not whole"):
        opened(data, key, "code", "secret", "csr")

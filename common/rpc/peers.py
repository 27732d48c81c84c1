"""Who is at the other end of a call, read from the certificate once per certificate."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from grpc.aio import ServicerContext

from common.errors import Denied, PostDevAIError
from common.model.node import Identity
from common.rpc.certificates import Leaf, read_leaf


def peer_leaf(context: ServicerContext[Any, Any]) -> Leaf | None:
    """What the caller's certificate says; None when the connection carries none."""
    shown = list(context.auth_context().get("x509_pem_cert", ()))
    return _read(shown[0]) if shown else None


def peer_identity(context: ServicerContext[Any, Any]) -> Identity:
    """The caller's identity; Denied when the connection carries none."""
    leaf = peer_leaf(context)
    if leaf is None:
        raise Denied("this call needs a certificate of the mesh")
    return leaf.identity


def peer_host(context: ServicerContext[Any, Any]) -> str:
    """The caller's address without its port, which is another for each connection."""
    return context.peer().rpartition(":")[0]


@lru_cache(maxsize=1024)
def _read(pem: bytes) -> Leaf:
    try:
        return read_leaf(pem)
    except PostDevAIError as error:
        raise Denied(error.message) from error

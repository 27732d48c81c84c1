"""The context that a service sees of a sealed call: the caller is who sealed, not who carried."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NoReturn, cast

import grpc
from google.rpc import status_pb2
from grpc.aio import AbortError, ServicerContext

from common.rpc.status import DETAILS_KEY


class Ended(AbortError):
    """The service has ended the call with a status, which travels sealed."""

    def __init__(self, status: bytes) -> None:
        super().__init__("sealed")
        self.status = status


class SealedContext:
    """Answers for the call within; what is the connection's business stays with the carrier's."""

    def __init__(
        self,
        carried: ServicerContext[Any, Any],
        leaf_pem: bytes,
        metadata: Mapping[str, str],
        left_s: float | None,
    ) -> None:
        """`left_s`: how long the call may still take; None without an end."""
        self._carried = carried
        self._leaf = leaf_pem
        self._metadata = tuple(metadata.items())
        self._ends_s = None if left_s is None else time.monotonic() + left_s
        self._code: grpc.StatusCode | None = None
        self._details = ""
        self.say: Callable[[Any], Awaitable[None]] | None = None
        """Sends one answer, for services that write theirs."""

    async def write(self, message: Any) -> None:
        """The next answer."""
        assert self.say is not None
        await self.say(message)

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        """The certificate whose key has signed the session."""
        return {"x509_pem_cert": [self._leaf]}

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        """What the caller sealed with the call."""
        return self._metadata

    def time_remaining(self) -> float | None:
        """The carrier's deadline, or the caller's own where that is sooner."""
        # typed as float, but None when the carrier set no deadline
        carried = cast(float | None, self._carried.time_remaining())
        if self._ends_s is None:
            return carried
        own = max(self._ends_s - time.monotonic(), 0.0)
        return own if carried is None else min(own, carried)

    async def abort(
        self, code: grpc.StatusCode, details: str = "", trailing_metadata: Any = ()
    ) -> NoReturn:
        """Ends the call; nothing of it is seen on the way."""
        for key, value in trailing_metadata:
            if key == DETAILS_KEY:
                raise Ended(value)
        raise Ended(status_of(code, details))

    def set_code(self, code: grpc.StatusCode) -> None:
        """The status of an end without `abort`."""
        self._code = code

    def set_details(self, details: str) -> None:
        """Its words."""
        self._details = details

    def code(self) -> grpc.StatusCode | None:
        """What was set."""
        return self._code

    def details(self) -> str:
        """What was set."""
        return self._details

    @property
    def status(self) -> bytes:
        """How the call ended that nobody aborted; empty for OK."""
        if self._code is None or self._code is grpc.StatusCode.OK:
            return b""
        return status_of(self._code, self._details)

    def set_trailing_metadata(self, trailing_metadata: Any) -> None:
        """Not sealed, so not sent: no service of ours tells anything in it."""

    async def send_initial_metadata(self, initial_metadata: Any) -> None:
        """The same."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._carried, name)


def status_of(code: grpc.StatusCode, details: str) -> bytes:
    """A status without anything but words."""
    number = int(code.value[0])
    return status_pb2.Status(code=number, message=details).SerializeToString()

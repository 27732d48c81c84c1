"""A channel whose calls are sealed for one node and carried by a Coordinator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from grpc.aio import Channel

from common.pb.postdevai.v1.relay_service_pb2 import ListenRequest, SendRequest, TalkRequest
from common.rpc.sealed.caller import Caller
from common.rpc.sealed.calls import SealedOnce, SealedStream, call_once

Serialize = Callable[[Any], bytes] | None


class SealedChannel(Channel):
    """Generated stubs work on it as on any other; it belongs to whoever holds the carrier."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def connect(self) -> None:
        """Returns once the node has agreed on keys; Unavailable or Denied when it does not."""
        await self._caller.connect()

    def unary_unary(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        method: str,
        request_serializer: Serialize = None,
        response_deserializer: Callable[[bytes], Any] | None = None,
        _registered_method: bool | None = False,
    ) -> Any:
        """One message, one answer."""
        encode, decode = request_serializer or bytes, response_deserializer or bytes

        def call(
            request: Any, *, timeout: float | None = None, metadata: Any = None, **_: Any
        ) -> SealedOnce:
            return SealedOnce(
                call_once(self._caller, method, encode(request), decode, metadata, timeout)
            )

        return call

    def unary_stream(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        method: str,
        request_serializer: Serialize = None,
        response_deserializer: Callable[[bytes], Any] | None = None,
        _registered_method: bool | None = False,
    ) -> Any:
        """One message, many answers."""
        made = self._stream("Listen", ListenRequest, method)
        encode, decode = request_serializer or bytes, response_deserializer or bytes

        def call(
            request: Any, *, timeout: float | None = None, metadata: Any = None, **_: Any
        ) -> SealedStream:
            return made(encode, decode, metadata, timeout, request=request)

        return call

    def stream_unary(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        method: str,
        request_serializer: Serialize = None,
        response_deserializer: Callable[[bytes], Any] | None = None,
        _registered_method: bool | None = False,
    ) -> Any:
        """Many messages, one answer."""
        return self._many("Send", SendRequest, method, request_serializer, response_deserializer)

    def stream_stream(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        method: str,
        request_serializer: Serialize = None,
        response_deserializer: Callable[[bytes], Any] | None = None,
        _registered_method: bool | None = False,
    ) -> Any:
        """Many messages, many answers."""
        return self._many("Talk", TalkRequest, method, request_serializer, response_deserializer)

    async def close(self, grace: float | None = None) -> None:
        """Nothing: the carrier's channel is not this one's."""

    async def channel_ready(self) -> None:
        """As `connect`."""
        await self.connect()

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Whether a session is there is known by `connect` alone."""
        return grpc.ChannelConnectivity.READY

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """It does not change."""

    async def __aenter__(self) -> SealedChannel:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _many(
        self,
        carried: str,
        frame: Callable[..., Any],
        method: str,
        encode: Serialize,
        decode: Callable[[bytes], Any] | None,
    ) -> Any:
        made = self._stream(carried, frame, method)

        def call(
            requests: Any = None,
            *,
            timeout: float | None = None,
            metadata: Any = None,
            **_: Any,
        ) -> SealedStream:
            return made(encode or bytes, decode or bytes, metadata, timeout, requests=requests)

        return call

    def _stream(self, carried: str, frame: Callable[..., Any], method: str) -> Any:
        def made(
            encode: Callable[[Any], bytes],
            decode: Callable[[bytes], Any],
            metadata: Any,
            timeout_s: float | None,
            *,
            request: Any = None,
            requests: Any = None,
        ) -> SealedStream:
            return SealedStream(
                self._caller,
                method,
                carried=carried,
                frame=frame,
                encode=encode,
                decode=decode,
                metadata=metadata,
                timeout_s=timeout_s,
                request=request,
                requests=requests,
            )

        return made

"""One question to the laptop's daemon and its answer, where a program is started for it alone.

`LocalClient` is for whoever stays. A script asks once, and what it waits for is imports: here is no
more than one call takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from google.protobuf.message import Message

from common.errors import Unavailable
from developer_node.front.door import START_IT, find_door

if TYPE_CHECKING:
    from common.daemon.home import Home
    from common.model.failure import Recollection
    from common.model.laptop import LaptopStatus

M = TypeVar("M", bound=Message)

METHODS = "/postdevai.v1.DeveloperService/"
TOKEN_KEY = "postdevai-token"
READY_S = 5.0
"""Within it a daemon that lives has at least taken the call."""
LOOK_S = 1.0
"""For seeing whether it has."""
ANSWER_S = 20.0


def recall_once(home: Home, cwd: str, fingerprint: str = "", text: str = "") -> Recollection:
    """What is remembered about a fingerprint, printed text, or else the last failure."""
    from common.model.failure import Recollection
    from common.pb.postdevai.v1 import developer_service_pb2 as pb
    from common.wire.translate import from_pb

    request = pb.DeveloperServiceRecallRequest(cwd=cwd)
    if fingerprint:
        request.fingerprint = fingerprint
    elif text:
        request.text = text
    else:
        request.last = True
    answered = _ask(home, "Recall", request, pb.DeveloperServiceRecallResponse)
    return from_pb(answered.recollection, Recollection)


def status_once(home: Home) -> LaptopStatus:
    """How things stand."""
    from common.model.laptop import LaptopStatus
    from common.pb.postdevai.v1 import developer_service_pb2 as pb
    from common.wire.translate import from_pb

    return from_pb(_ask(home, "Status", pb.StatusRequest(), pb.StatusResponse), LaptopStatus)


def _ask(home: Home, method: str, request: Message, response: type[M]) -> M:
    """What the daemon of this HOME answers; every refusal is a PostDevAIError with a hint."""
    import grpc

    door = find_door(home)
    options = (("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", 16 << 20))
    with grpc.insecure_channel(f"unix:{door.socket}", options=options) as channel:
        call = cast(
            Any,
            channel.unary_unary(
                METHODS + method,
                request_serializer=type(request).SerializeToString,
                response_deserializer=response.FromString,
            ),
        )
        # Asked at once: whoever waits for the channel first is told of it a fifth of a second late.
        asked = call.future(request, timeout=ANSWER_S, metadata=((TOKEN_KEY, door.token),))
        try:
            try:
                return asked.result(timeout=READY_S)
            except grpc.FutureTimeoutError:
                grpc.channel_ready_future(channel).result(timeout=LOOK_S)
            return asked.result()
        except grpc.FutureTimeoutError:
            asked.cancel()
            raise Unavailable(
                f"The developer node does not answer within {READY_S:g} s.", hint=START_IT
            ) from None
        except grpc.RpcError as error:
            from developer_node.front.local_refusals import for_people

            raise for_people(cast(Any, error)) from None

"""Puts the Dragon's services behind one server."""

from __future__ import annotations

from collections.abc import Callable

from grpc.aio import Server

from common.pb.postdevai.v1.assistant_service_pb2_grpc import (
    AssistantServiceServicer,
    add_AssistantServiceServicer_to_server,
)
from common.pb.postdevai.v1.inference_service_pb2_grpc import (
    InferenceServiceServicer,
    add_InferenceServiceServicer_to_server,
)
from common.pb.postdevai.v1.lake_service_pb2_grpc import (
    LakeServiceServicer,
    add_LakeServiceServicer_to_server,
)
from common.pb.postdevai.v1.replica_service_pb2_grpc import (
    ReplicaServiceServicer,
    add_ReplicaServiceServicer_to_server,
)


def services(
    lake: LakeServiceServicer,
    inference: InferenceServiceServicer,
    assistant: AssistantServiceServicer,
    replica: ReplicaServiceServicer,
) -> Callable[[Server], None]:
    """What open_server calls to register them."""

    def add(server: Server) -> None:
        add_LakeServiceServicer_to_server(lake, server)
        add_InferenceServiceServicer_to_server(inference, server)
        add_AssistantServiceServicer_to_server(assistant, server)
        add_ReplicaServiceServicer_to_server(replica, server)

    return add

"""A stranger's program: lists the nodes with the certificate in DIR, or prints why it may not."""

from __future__ import annotations

import sys
from pathlib import Path

import grpc

from common.pb.postdevai.v1.registry_service_pb2 import ListNodesRequest
from common.pb.postdevai.v1.registry_service_pb2_grpc import RegistryServiceStub

WITHIN_S = 30.0


def main(directory: Path) -> int:
    """0 once they are listed."""
    ca, key, leaf = ((directory / name).read_bytes() for name in ("ca.pem", "key.pem", "leaf.pem"))
    address, name = (
        (directory / f"coordinator.{end}").read_text().strip() for end in ("address", "name")
    )
    options = [("grpc.ssl_target_name_override", name)]
    credentials = grpc.ssl_channel_credentials(ca, key, leaf)
    with grpc.secure_channel(address, credentials, options) as channel:
        try:
            listed = RegistryServiceStub(channel).ListNodes(
                ListNodesRequest(), timeout=WITHIN_S, wait_for_ready=True
            )
        except grpc.RpcError as error:
            sys.stdout.write(f"{error}\n")
            return 1
    sys.stdout.write("".join(f"{node.role} {node.id}\n" for node in listed.nodes))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))

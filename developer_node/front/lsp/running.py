"""`postdevai lsp` as a process: speaks on stdin and stdout until the editor is done."""

from __future__ import annotations

import logging
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

from developer_node.front.local_client import LocalClient
from developer_node.front.lsp.features import register
from developer_node.front.lsp.server import MemoryServer
from developer_node.front.lsp.shown import remove_leftovers

if TYPE_CHECKING:
    from common.daemon.home import Home


def serve(home: Home) -> int:
    """0 when the editor asked for the end before it left, 1 when it just went."""
    logging.getLogger("pygls").setLevel(logging.ERROR)
    server = MemoryServer(lambda: LocalClient.connect(home), version("postdevai"))
    register(server)
    remove_leftovers()
    server.shown.close_when_ended()
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what anybody prints would not be a message
    try:
        server.start_io(stdin, stdout)
    finally:
        server.shown.close()
    return 0 if server.asked_to_end else 1

"""A coordinator: `init` makes a file, `invite` makes a code, `serve` waits."""

from __future__ import annotations

import sys

from common.daemon.home import Home
from tests.support.rehearsed import node


def main() -> int:
    """As `coordinator-node` takes its words."""
    asked = node.parse(node.argv())
    home = Home.from_env(asked.home)
    match asked.words:
        case ["init"]:
            (home.identity_directory("coordinator") / "leaf.pem").write_text("own")
            return 0
        case ["invite", role]:
            print(f"code-for-{role}{'-admin' if asked.admin else ''}")
            return 0
        case ["serve"]:
            return node.run("coordinator", node.argv())
        case other:
            return node.refuse("coordinator", f"no such words: {other}")


sys.exit(main())

"""The command `coordinator-node`: the daemon, and what its owner does beside it."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from common.daemon.home import Home
from common.daemon.lifecycle import Running, complain, prepare_environment, run_daemon
from common.daemon.listening import listens_at
from common.errors import PostDevAIError, Unavailable

GRACE_S = 5.0
ROLES = ("dragon", "developer", "tool")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; its exit code."""
    options = _parser().parse_args(argv)
    prepare_environment()
    if options.command != "serve":  # asyncio speaks of TLS connections that servers close
        logging.getLogger("asyncio").setLevel(logging.ERROR)
    try:
        home = Home.from_env(options.home)
        match options.command:
            case "init":
                return _init(home, options.invite)
            case "invite":
                return _print_code(home, options)
            case "audit" | "recover" | "rekey" | "revoke":
                return _own(home, options)
            case "migrate":
                return _migrate(home, options)
            case "backup":
                return _backup(home, options.to, options.key_to, move=options.move)
            case "restore":
                return _restore(home, options.source, options.key)
            case "engine":
                return _engine(home, json_=options.json)
            case "join":
                return _join(home, options.code, options.engine_server)
            case "leave":
                return _leave(home)
            case "adopt":
                return _adopt(home, options.directory)
            case "engine-server":
                return _engine_server(home, options)
            case _:
                return _serve(home, options)
    except PostDevAIError as error:
        return complain("coordinator-node", error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "coordinator-node", description="The mesh's registry, and who may come in."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    init = commands.add_parser("init", help="make the mesh's CA and keys; nothing where they are")
    init.add_argument(
        "--invite", action="append", default=[], choices=ROLES, help="also print a code, repeatable"
    )
    invite = commands.add_parser("invite", help="print a code for one new node, for ten minutes")
    invite.add_argument("role", choices=(*ROLES, "coordinator"))
    invite.add_argument("--admin", action="store_true", help="the node may invite others")
    revoke = commands.add_parser("revoke", help="make a node unwelcome for good")
    revoke.add_argument("id", help="the node's id, or its beginning, as `postdevai nodes` shows it")
    recover = commands.add_parser("recover", help="put a lost laptop out, and let another in")
    recover.add_argument("id", help="the lost node's id, or its beginning")
    rekey = commands.add_parser("rekey", help="begin the mesh anew with other keys")
    audit = commands.add_parser("audit", help="print the audit log, a line of JSON each")
    audit.add_argument("--since-ms", type=int, default=0, help="only lines written since then")
    audit.add_argument("--verify", action="store_true", help="look whether all of it is there")
    move = commands.add_parser("migrate", help="move the state to another engine, and compare")
    move.add_argument("--to", required=True, choices=("sqlite", "nats"))
    move.add_argument(
        "--server", action="append", default=[], help="tls://host:port of one that is there"
    )
    move.add_argument("--copies", type=int, default=1, choices=(1, 3, 5))
    move.add_argument("--tls", default="", help="directory with key.pem, leaf.pem and ca.pem")
    engine = commands.add_parser("engine", help="tell which engine there is, and how it is")
    elsewhere = commands.add_parser(
        "engine-server", help="prepare a server of the engine for another machine"
    )
    elsewhere.add_argument("directory", help="where it is written, and will lie on that machine")
    elsewhere.add_argument("--name", required=True, help="unlike those of the other servers")
    elsewhere.add_argument("--host", required=True, help="the address that it listens on")
    elsewhere.add_argument("--port", type=int, default=4222, help="for Coordinators; 4222")
    elsewhere.add_argument("--cluster-port", type=int, default=6222, help="for servers; 6222")
    elsewhere.add_argument(
        "--route", action="append", default=[], help="host:port of each server's cluster port"
    )
    join = commands.add_parser("join", help="be one more Coordinator of a mesh, by its code")
    join.add_argument("code", help="as `postdevai invite coordinator` printed it; - for stdin")
    leave = commands.add_parser("leave", help="be one of several Coordinators no longer")
    adopt = commands.add_parser(
        "adopt", help="start the engine's server of a directory from now on"
    )
    adopt.add_argument("directory", type=Path, help="as engine-server wrote it; it must not run")
    join.add_argument(
        "--engine-server", type=Path, default=None, metavar="DIR", help="adopt that one as well"
    )
    for command in (move, engine, invite):
        command.add_argument("--json", action="store_true", help="print data for scripts")
    backup = commands.add_parser("backup", help="write all of it into one sealed file")
    backup.add_argument("--to", type=Path, required=True, help="a new file")
    backup.add_argument("--key-to", type=Path, required=True, help="a new file for its key, apart")
    backup.add_argument("--move", action="store_true", help="and put it aside here: it moves")
    restore = commands.add_parser("restore", help="take the Coordinator of such a file")
    restore.add_argument("--from", type=Path, required=True, dest="source", help="the file")
    restore.add_argument("--key", type=Path, required=True, help="the file with its key")
    serve = commands.add_parser("serve", help="run until a signal")
    serve.add_argument(
        "--host",
        default="",
        help="address to listen on; as `postdevai up --host` said, or loopback",
    )
    serve.add_argument("--port", type=int, default=0, help="main port; usually 50053")
    serve.add_argument("--enrolment-port", type=int, default=0, help="usually 50054")
    serve.add_argument("--die-with-parent", action="store_true", help="stop when the parent does")
    for command in (
        init,
        invite,
        revoke,
        recover,
        rekey,
        audit,
        move,
        engine,
        elsewhere,
        join,
        leave,
        adopt,
        backup,
        restore,
        serve,
    ):
        command.add_argument("--home", default="", help="state; POSTDEVAI_HOME or ~/.postdevai")
    return parser


def _init(home: Home, roles: list[str]) -> int:
    from coordinator_node.local import found

    for line in asyncio.run(found(home, tuple(roles))):
        print(line)
    return 0


def _print_code(home: Home, options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from coordinator_node.local import invite

    given = asyncio.run(invite(home, options.role, admin=options.admin))
    print(json.dumps(asdict(given)) if options.json else given.code)
    return 0


def _own(home: Home, options: argparse.Namespace) -> int:
    from coordinator_node.owning import run

    return run(home, options)


def _migrate(home: Home, options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from common.clock import SystemClock
    from coordinator_node.engine.settings import NatsSettings
    from coordinator_node.migrating import Move, migrate, write_down

    nats = None
    if options.server:
        nats = NatsSettings("new", tuple(options.server), options.copies, options.tls)

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    async def moved() -> Move:
        done = await migrate(home, options.to, SystemClock(), say, nats)
        await write_down(home, done, SystemClock())
        return done

    done = asyncio.run(moved())
    if options.json:
        print(json.dumps(asdict(done), indent=2))
        return 0
    for part in done.parts:
        print(f"{part.port:<7}{part.count:>7} sha256 {part.sha256[:16]} here and there")
    print(f"The state is in {done.after} now; what was in {done.before} stayed as it was.")
    return 0


def _backup(home: Home, to: Path, key_to: Path, *, move: bool) -> int:
    from coordinator_node.packing import pack

    print(pack(home, to, key_to, move=move))
    return 0


def _restore(home: Home, source: Path, key: Path) -> int:
    from coordinator_node.packing import unpack

    print(unpack(home, source, key))
    return 0


def _engine(home: Home, *, json_: bool) -> int:
    from common.clock import SystemClock
    from coordinator_node.inspecting import inspect, told

    said = asyncio.run(inspect(home, SystemClock()))
    if json_:
        print(json.dumps(said, indent=2))
    else:
        print("\n".join(told(said)))
    if said["error"]:
        raise Unavailable(str(said["error"]), hint=str(said["hint"] or ""))
    return 0


def _join(home: Home, code: str, server: Path | None) -> int:
    from common.clock import SystemClock
    from coordinator_node.joining import join

    text = sys.stdin.readline().strip() if code == "-" else code
    joined = asyncio.run(join(text, home, SystemClock(), server))
    said = {"uri": joined.identity.uri, "coordinator_address": joined.coordinator_address}
    print(json.dumps(said))
    return 0


def _leave(home: Home) -> int:
    from common.clock import SystemClock
    from coordinator_node.leaving import leave

    print(asyncio.run(leave(home, SystemClock())))
    return 0


def _adopt(home: Home, directory: Path) -> int:
    from common.clock import SystemClock
    from coordinator_node.adopting import adopt

    print(adopt(home, directory.expanduser().absolute(), SystemClock()))
    return 0


def _engine_server(home: Home, options: argparse.Namespace) -> int:
    from pathlib import Path

    from common.clock import SystemClock
    from coordinator_node.engine.nats_server import ServerSettings
    from coordinator_node.engine_elsewhere import prepare_elsewhere

    routes = tuple(options.route)
    cluster_port = options.cluster_port if routes else 0
    settings = ServerSettings(options.name, options.host, options.port, cluster_port, routes)
    directory = Path(options.directory)
    path = prepare_elsewhere(home, directory, settings, SystemClock())
    print(f"nats-server -c {path}")
    return 0


def _serve(home: Home, options: argparse.Namespace) -> int:
    def open_it() -> AbstractAsyncContextManager[Running]:
        from coordinator_node.config import Config
        from coordinator_node.node import open_node

        host = options.host or listens_at(home)
        return open_node(Config(home, host, options.port, options.enrolment_port, GRACE_S))

    return run_daemon(
        "coordinator",
        home,
        open_it,
        grace_s=GRACE_S + 2,
        die_with_parent=options.die_with_parent,
    )


if __name__ == "__main__":
    sys.exit(main())

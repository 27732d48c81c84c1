"""What an owner may set on the Dragon: the environment, overruled by the command line."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from common.daemon.home import Home
from common.daemon.listening import listens_at
from common.daemon.sizes import size_bytes
from dragon_node.lake.history.retention import OUTPUTS, OutputRule
from dragon_node.lake.ramdisk import Choice


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that the composition root needs to know."""

    home: Home
    free: bool = False
    """Free the RAM disk and end, instead of serving."""
    follow: str = ""
    """Follow this Dragon from the next start on, and end, instead of serving; `none`: no more."""
    leave: bool = False
    """Put this Dragon aside where another one leads its lake, and end, instead of serving."""
    ask: bool = False
    """Only say whether it could leave, and end; it may run meanwhile."""
    restore_from: Path | None = None
    """Make the lake of this backup and end, instead of serving."""
    restore_key: Path | None = None
    """The file with the key that opens the backup."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 0
    """0 takes the usual one, 50051, or the one remembered in HOME, or a free one."""
    join_file: Path | None = None
    """A code for the first start; read once, then removed."""
    lake_bytes: int = 0
    """Bytes of RAM for the lake; 0 takes the default for this machine."""
    memory_bytes: int = 0
    """Bytes that models, their caches and the lake may take together; 0 is all that there is."""
    prefill_tokens: int = 0
    """Tokens of prompts a step, while others speak; 0 is what takes a tenth of a second."""
    ram: Choice = "auto"
    """Which kind of RAM disk."""
    outputs: OutputRule = OUTPUTS
    """How long what commands printed is kept: days, and bytes of a project."""
    die_with_parent: bool = False
    """End when the process that started this one does."""


def parse(argv: Sequence[str]) -> Config:
    """Exits with 2 and usage when the words are off."""
    parser = argparse.ArgumentParser(prog="dragon-node", description="Holds the lake, runs models.")
    parser.add_argument(
        "action",
        nargs="?",
        choices=("serve", "free", "restore", "follow", "leave"),
        default="serve",
        help="free: the RAM disk; restore: a backup, where there is no lake yet; follow: another "
        "Dragon from the next start on; leave: be a Dragon no longer, once another one leads",
    )
    parser.add_argument("--from", type=Path, dest="source", help="restore: the backup's directory")
    parser.add_argument("--key", type=Path, help="restore: the file with the backup's key")
    parser.add_argument("--leader", default="", help="follow: its id or how it begins; or none")
    parser.add_argument(
        "--ask", action="store_true", help="leave: only refuse where it could not; it may run"
    )
    parser.add_argument("--home", default="", help="default: POSTDEVAI_HOME or ~/.postdevai")
    parser.add_argument(
        "--host", default="", help="default: as `postdevai up --host` said, or loopback"
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--join-file", type=Path, help="a file that holds a code")
    parser.add_argument(
        "--lake-bytes",
        type=_size,
        default=os.environ.get("POSTDEVAI_LAKE_BYTES", "0"),
        help="bytes of RAM for the lake (POSTDEVAI_LAKE_BYTES); default: by the machine's memory",
    )
    parser.add_argument(
        "--memory-bytes",
        type=_size,
        default=os.environ.get("POSTDEVAI_MEMORY_BYTES", "0"),
        help="bytes that models and lake may plan with (POSTDEVAI_MEMORY_BYTES); default: all",
    )
    parser.add_argument(
        "--prefill-tokens",
        type=int,
        default=os.environ.get("POSTDEVAI_PREFILL_TOKENS", "0"),
        help="tokens of a prompt between two tokens of those who speak (POSTDEVAI_PREFILL_TOKENS); "
        "default: as many as take a tenth of a second",
    )
    parser.add_argument(
        "--ram",
        choices=get_args(Choice),
        default=os.environ.get("POSTDEVAI_RAM", "auto"),
        help="kind of RAM disk (POSTDEVAI_RAM)",
    )
    parser.add_argument(
        "--output-days",
        type=int,
        default=os.environ.get("POSTDEVAI_OUTPUT_DAYS", str(OUTPUTS.days)),
        help="what commands printed goes after so many days (POSTDEVAI_OUTPUT_DAYS); 0: never",
    )
    parser.add_argument(
        "--output-bytes",
        type=int,
        default=os.environ.get("POSTDEVAI_OUTPUT_BYTES", str(OUTPUTS.bytes_a_project)),
        help="and the oldest beyond so many bytes of a project (POSTDEVAI_OUTPUT_BYTES); 0: never",
    )
    parser.add_argument("--die-with-parent", action="store_true")
    found = parser.parse_args(argv)
    if min(found.output_days, found.output_bytes) < 0:
        parser.error("--output-days and --output-bytes are 0 or more")
    if min(found.lake_bytes, found.memory_bytes, found.prefill_tokens) < 0:
        parser.error("--lake-bytes, --memory-bytes and --prefill-tokens are 0 or more")
    if (found.action == "restore") != (found.source is not None and found.key is not None):
        parser.error("restore needs --from DIR and --key FILE, and nothing else takes them")
    if (found.action == "follow") != bool(found.leader):
        parser.error("follow needs --leader ID, and nothing else takes it")
    if found.ask and found.action != "leave":
        parser.error("--ask goes with leave, and nothing else takes it")
    home = Home.from_env(found.home)
    return Config(
        home=home,
        free=found.action == "free",
        follow=found.leader,
        leave=found.action == "leave",
        ask=found.ask,
        restore_from=found.source,
        restore_key=found.key,
        host=found.host or listens_at(home),
        port=found.port,
        join_file=found.join_file,
        lake_bytes=found.lake_bytes,
        memory_bytes=found.memory_bytes,
        prefill_tokens=found.prefill_tokens,
        ram=cast(Choice, found.ram),
        outputs=OutputRule(found.output_days, found.output_bytes),
        die_with_parent=found.die_with_parent,
    )


def _size(text: str) -> int:
    try:
        return size_bytes(text)
    except ValueError as why:
        raise argparse.ArgumentTypeError(str(why)) from why

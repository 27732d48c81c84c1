"""A Python environment beside the present one, with another version in it.

Offline, whatever the new version needs and the present environment has is taken from there, by a
path file; the rest has to lie beside the wheel. Over the network the new one stands for itself.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from common.daemon.formats import StoreFormat, read_formats, read_records
from common.errors import Conflict, Corrupt, Invalid, Missing, Unavailable
from developer_node.front.upgrade.candidate import Candidate

INSTALL_S = 900
ASK_S = 120
NODES = ("coordinator_node", "dragon_node", "developer_node")


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment that holds a version of this program."""

    root: Path

    @property
    def programs(self) -> Path:
        """The directory of its programs."""
        return self.root / "bin"

    @classmethod
    def here(cls) -> Environment:
        """The one that this runs in."""
        return cls(Path(sys.prefix))

    def beside(self, version: str) -> Environment:
        """Where another version goes: the same name, with its number. Invalid for a Python of the
        system's, which has no place of its own."""
        if not (self.root / "pyvenv.cfg").is_file():
            raise Invalid(
                f"{self.root} is no environment of its own", field="into", hint="add --into DIR"
            )
        name = re.sub(r"-\d+(\.\w+)+$", "", self.root.name)
        return Environment(self.root.with_name(f"{name}-{version}"))

    def run(self, *words: str, within_s: float = ASK_S) -> subprocess.CompletedProcess[str]:
        """`postdevai WORDS` of that version, to its end."""
        program = [str(self.programs / "postdevai"), *words]
        try:
            return subprocess.run(
                program,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=within_s,
                check=False,
            )
        except OSError as error:
            return subprocess.CompletedProcess(program, 127, "", str(error))
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(program, 124, "", f"no end within {within_s:.0f} s")

    def formats(self, home: Path) -> list[StoreFormat]:
        """What that version makes of the stores in HOME. Nothing is changed."""
        found: list[StoreFormat] = []
        for node in NODES:
            # -P: what lies where this is typed is no part of that environment
            words = [str(self.programs / "python"), "-P", "-m", f"{node}.formats", str(home)]
            done = subprocess.run(words, capture_output=True, text=True, timeout=ASK_S, check=False)
            try:
                if done.returncode:
                    raise ValueError(done.stderr.strip().splitlines()[-1:] or "no words")
                found += read_formats(done.stdout)
            except (ValueError, TypeError) as error:
                raise Corrupt(f"{self.root} does not tell its formats: {error}") from error
        return found

    def records(self, home: Path) -> dict[str, int]:
        """How many records are in the stores below HOME, where that version can tell."""
        found: dict[str, int] = {}
        for node in NODES:
            words = [str(self.programs / "python"), "-P", "-m", f"{node}.formats", str(home)]
            try:
                done = subprocess.run(
                    [*words, "--records"],
                    capture_output=True,
                    text=True,
                    timeout=ASK_S,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired):
                continue
            if done.returncode == 0:
                found |= read_records(done.stdout)
        return found

    def node(
        self, module: str, *words: str, given: int | None = None, to: int | None = None
    ) -> str:
        """`python -m MODULE WORDS` of that version, reading and printing files where it has some;
        why it did not end well, empty when it did."""
        # -P: what lies where this is typed is no part of that environment
        command = [str(self.programs / "python"), "-P", "-m", module, *words]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL if given is None else given,
                stdout=subprocess.DEVNULL if to is None else to,
                stderr=subprocess.PIPE,
                text=True,
                timeout=ASK_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if not done.returncode:
            return ""
        said = [each for each in done.stderr.splitlines() if each.strip() and each[0] != " "]
        return said[-1] if said else f"it ended with {done.returncode}"

    def version(self) -> str:
        """Of postdevai in it."""
        done = self.run("--version")
        if done.returncode:
            raise Missing(f"{self.root} holds no postdevai that runs: {done.stderr.strip()[-300:]}")
        return done.stdout.split()[-1]


def installed(wanted: Candidate, place: Environment) -> Environment:
    """Makes the environment and installs into it; nothing of it is left when that fails."""
    if place.root.exists():
        if place.programs.is_dir() and place.version() == wanted.version:
            return place
        raise Conflict(f"{place.root} is there already", hint="remove it, or name another: --into")
    try:
        _made(wanted, place)
    except BaseException:
        shutil.rmtree(place.root, ignore_errors=True)
        raise
    return place


def _made(wanted: Candidate, place: Environment) -> None:
    import venv

    own_pip = importlib.util.find_spec("pip") is not None
    try:
        venv.create(place.root, with_pip=not own_pip, symlinks=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(
            f"no environment could be made in {place.root}: {error}",
            hint="name a place that can be written with --into; Debian needs python3-venv",
        ) from error
    python = str(place.programs / "python")
    pip = [sys.executable, "-m", "pip", "--python", python] if own_pip else [python, "-m", "pip"]
    words = ["install", "--disable-pip-version-check", "--quiet"]
    if wanted.wheels is not None:
        _lend(place)
        words += ["--no-index", "--find-links", str(wanted.wheels)]
    done = subprocess.run(
        [*pip, *words, wanted.requirement],
        capture_output=True,
        text=True,
        timeout=INSTALL_S,
        check=False,
    )
    if done.returncode:
        said = [each for each in done.stderr.splitlines() if each.startswith("ERROR")]
        why = (said or done.stderr.strip().splitlines() or ["no words"])[0]
        raise Unavailable(
            f"version {wanted.version} could not be installed: {why.removeprefix('ERROR: ')}",
            hint="put what it needs beside the wheel, or add --network; nothing was changed",
        )
    if place.version() != wanted.version:
        raise Corrupt(f"{wanted.requirement} installs version {place.version()}")


def _lend(place: Environment) -> None:
    asked = [str(place.programs / "python"), "-c", _PURELIB]
    own = json.loads(subprocess.run(asked, capture_output=True, check=True, timeout=ASK_S).stdout)
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (Path(own) / "postdevai-lent.pth").write_text("".join(f"{each}\n" for each in sorted(lent)))


_PURELIB = "import json, sysconfig; print(json.dumps(sysconfig.get_path('purelib')))"

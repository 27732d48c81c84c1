"""The environment that a command runs in, read from files alone: no process is started for it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from common.model.ids import short_hash

LOCK_FILES = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pixi.lock",
    "requirements*.lock",
    "requirements*.txt",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "Cargo.lock",
    "go.sum",
    "Gemfile.lock",
    "composer.lock",
    "mix.lock",
    "flake.lock",
)
LOCK_BYTES_MAX = 32 << 20

_VOLATILE = """
PWD OLDPWD SHLVL _ COLUMNS LINES TERM* COLORTERM LC_TERMINAL* XDG_SESSION* XDG_VTNR
XDG_SEAT* SSH_* DISPLAY WAYLAND_DISPLAY WINDOWID WINDOW XAUTHORITY SESSION_MANAGER
DBUS_SESSION_BUS_ADDRESS DESKTOP_STARTUP_ID XDG_ACTIVATION_TOKEN GPG_TTY GPG_AGENT_INFO
TMUX* STY VTE_VERSION VSCODE_* ITERM_* KITTY_* WEZTERM_* ALACRITTY_* KONSOLE_*
GNOME_TERMINAL_* SECURITYSESSIONID INVOCATION_ID JOURNAL_STREAM LS_COLORS PS1 PS2 PS4
PROMPT* RPROMPT HIST* RANDOM SECONDS EPOCH* BASH_* ZSH_* MAKELEVEL MAKEFLAGS MFLAGS
PYTEST_CURRENT_TEST PYTEST_XDIST_* POSTDEVAI_* GITHUB_* RUNNER_* CI_JOB_* CI_PIPELINE_*
BUILD_* BUILDKITE_*
"""
_NAME = re.compile(r"^(?P<name>.+?)-(?P<version>[^-]+)(?:-py[\d.]+)?\.(?:dist|egg)-info$")
_SHEBANG_BYTES_MAX = 512
_PROJECT_TOOLS = {"uv", "poetry", "pdm", "rye"}


@dataclass(frozen=True, slots=True)
class Python:
    """An interpreter as far as files tell: what it calls itself, and where its packages lie."""

    name: str = ""
    """Such as "CPython 3.11.2"; without a path, so that two clones can be compared."""
    directories: tuple[Path, ...] = ()


def lock_hash(root: Path) -> str:
    """One hash over the lock files at the root, by name and content; empty without any."""
    names = sorted(
        entry.name
        for entry in os.scandir(root)
        if any(fnmatchcase(entry.name, pattern) for pattern in LOCK_FILES)
        and entry.is_file()
        and entry.stat().st_size <= LOCK_BYTES_MAX
    )
    if not names:
        return ""
    parts = (p for n in names for p in (n, hashlib.sha256((root / n).read_bytes()).hexdigest()))
    return short_hash(*parts)


def variables_blob(environment: Mapping[str, str], key: bytes) -> bytes:
    """One `NAME=keyed hash` a line, sorted; without those that differ from one shell to another."""
    lines = sorted(
        f"{name}={hashlib.blake2b(os.fsencode(value), key=key, digest_size=8).hexdigest()}"
        for name, value in environment.items()
        if not any(fnmatchcase(name, pattern) for pattern in _VOLATILE.split())
    )
    return "".join(line + "\n" for line in lines).encode("utf-8", "replace")


def packages_blob(python: Python) -> bytes:
    """One `name==version` a line, sorted; empty when nothing is known."""
    found = {line for directory in python.directories for line in _installed(directory)}
    return "".join(line + "\n" for line in sorted(found)).encode("utf-8", "replace")


def find_python(argv: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> Python:
    """The Python that a command runs: itself, its first line's, or the first one on PATH."""
    for executable in filter(Path.exists, _executables(argv, cwd, environment)):
        if not re.fullmatch(r"(python|pypy)[\d.]*t?", executable.name):
            continue
        if executable.parent.name == "shims":
            chosen = _behind_shim(executable, cwd, environment)
            if chosen:
                return _describe(chosen)
        elif not _shebang(executable):
            return _describe(executable)
    return Python()


def _executables(argv: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    path = environment.get("PATH", os.defpath)
    program = shutil.which(cwd / argv[0] if "/" in argv[0] else argv[0], path=path)
    if program:
        yield Path(program)
        if first := _shebang(Path(program)):
            yield first
        if Path(program).name in _PROJECT_TOOLS:
            yield from (d / ".venv" / "bin" / "python" for d in (cwd, *cwd.parents))
    for name in ("python", "python3"):
        if found := shutil.which(name, path=path):
            yield Path(found)


def _shebang(program: Path) -> Path | None:
    with suppress(OSError), program.open("rb") as file:
        line = file.read(_SHEBANG_BYTES_MAX).split(b"\n", 1)[0]
        if line.startswith(b"#!") and (words := line[2:].split()):
            return Path(os.fsdecode(words[0]))
    return None


def _behind_shim(shim: Path, cwd: Path, environment: Mapping[str, str]) -> Path | None:
    """The interpreter that pyenv would start: by variable, by the nearest file, by default."""
    files = [d / ".python-version" for d in (cwd, *cwd.parents)]
    wanted = environment.get("PYENV_VERSION", "")
    for file in [*files, shim.parent.parent / "version"]:
        with suppress(OSError, UnicodeDecodeError):
            wanted = wanted or file.read_text("ascii").strip()
    versions = shim.parent.parent / "versions"
    for version in wanted.replace(":", "\n").split():
        for prefix in sorted(versions.glob(f"{version}*"), key=_by_number, reverse=True):
            if (prefix / "bin" / shim.name).exists():
                return prefix / "bin" / shim.name
    return None


def _by_number(prefix: Path) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", prefix.name)]


def _describe(executable: Path) -> Python:
    prefix = executable.parent.parent
    settings = _venv_settings(prefix / "pyvenv.cfg")
    version = settings.get("version_info") or settings.get("version", "")
    if settings:
        version = ".".join(version.split(".")[:3])
        directories = tuple(sorted(prefix.glob("lib/python*/site-packages")))
    else:
        prefix = executable.resolve().parent.parent
        version = re.sub(r"^\D*", "", executable.resolve().name)
        if re.fullmatch(r"\d+\.\d+\.\d+", prefix.name):
            version = prefix.name
        directories = _system_directories(prefix, version)
    kind = "PyPy" if "pypy" in executable.resolve().name else "CPython"
    return Python(f"{kind} {version}".strip(), directories)


def _system_directories(prefix: Path, version: str) -> tuple[Path, ...]:
    short = ".".join(version.split(".")[:2])
    candidates = (
        prefix / "lib" / f"python{short}" / "site-packages",
        prefix / "local" / "lib" / f"python{short}" / "dist-packages",
        Path("/usr/local/lib") / f"python{short}" / "dist-packages",
        prefix / "lib" / "python3" / "dist-packages",
    )
    return tuple(d for d in dict.fromkeys(candidates) if d.is_dir())


def _venv_settings(path: Path) -> dict[str, str]:
    with suppress(OSError):
        lines = path.read_text("utf-8", "replace").splitlines()
        pairs = (line.partition("=") for line in lines if "=" in line)
        return {key.strip(): value.strip() for key, _, value in pairs}
    return {}


def _installed(directory: Path) -> Iterator[str]:
    with suppress(OSError):
        for entry in os.scandir(directory):
            if found := _NAME.match(entry.name):
                name = re.sub(r"[-_.]+", "-", found["name"]).lower()
                yield f"{name}=={found['version']}"

"""Makes .venv from requirements.lock, or says which line to type first.

Runs on whatever `python3` is there, so it keeps to syntax that Python 3.6 reads.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from typing import List, Optional

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
LOCK = os.path.join(ROOT, "requirements.lock")
STAMP = os.path.join(VENV, "postdevai.stamp")
OLDEST = (3, 11)


def main() -> int:
    """Idempotent: a second run with the same lock returns at once."""
    wanted = fingerprint()
    if read(STAMP) == wanted and os.path.exists(python()):
        return 0
    interpreter = find_interpreter()
    if interpreter is None:
        return refuse_python()
    packages = read(LOCK).count("==")
    print(
        "Setting up .venv with %s: %d packages, about 230 MB to download, one to five minutes."
        % (os.path.basename(interpreter), packages),
        flush=True,
    )
    if not os.path.exists(python()):
        made = subprocess.run([interpreter, "-m", "venv", VENV], stdout=subprocess.PIPE)
        if made.returncode != 0:
            shutil.rmtree(VENV, ignore_errors=True)
            return refuse_venv()
    pip = [python(), "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]
    steps = [
        [*pip, "--require-hashes", "--only-binary=:all:", "-r", LOCK],
        [*pip, "--quiet", "--no-build-isolation", "-e", ROOT],
    ]
    for step in steps:
        if run_with_progress(step, packages) != 0:
            print("Setting up failed. What is above says why; `make setup` goes on from here.")
            return 1
    with open(STAMP, "w") as stamp:
        stamp.write(wanted)
    print("Set up.", flush=True)
    return 0


def run_with_progress(command: List[str], packages: int) -> int:
    """One line that counts, instead of pip's hundreds; all of pip's words when it fails."""
    said: List[str] = []
    seen = 0
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
    )
    for line in process.stdout or ():
        said.append(line)
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            seen += 1
            show("  %3d of %d  %s" % (min(seen, packages), packages, line.split()[1][:40]))
        elif line.startswith("Installing collected"):
            show("  unpacking %d packages" % packages)
    code = process.wait()
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    if code != 0:
        sys.stderr.write("".join(said[-40:]))
    return code


def show(line: str) -> None:
    """In place on a terminal, silent elsewhere."""
    if sys.stdout.isatty():
        print("\r\033[K" + line, end="", flush=True)


def find_interpreter() -> Optional[str]:
    """This interpreter if it is new enough, else the newest one on PATH that is."""
    if sys.version_info[:2] >= OLDEST:
        return sys.executable
    for minor in (14, 13, 12, 11):
        found = shutil.which("python3.%d" % minor)
        if found:
            return found
    return None


def refuse_python() -> int:
    """The exact line for this machine."""
    if platform.system() == "Darwin":
        line = "brew install python@3.12    (or the installer from python.org), then: make run"
    elif shutil.which("apt-get"):
        line = "sudo apt-get install -y python3.11 python3.11-venv && make run PYTHON=python3.11"
    elif shutil.which("dnf"):
        line = "sudo dnf install -y python3.11 && make run PYTHON=python3.11"
    else:
        line = "make run PYTHON=/path/to/python3.11"
    print(
        "PostDevAI needs Python 3.11 or newer; %s is %s. Type:\n\n    %s\n"
        % (sys.executable, platform.python_version(), line)
    )
    return 2


def refuse_venv() -> int:
    """Debian ships venv apart."""
    version = "%d.%d" % sys.version_info[:2]
    print(
        "This Python has no venv module. Type:\n\n    sudo apt-get install -y python%s-venv\n"
        % version
    )
    return 2


def fingerprint() -> str:
    """Changes when the lock or the project's own metadata does."""
    digest = hashlib.sha256()
    for path in (LOCK, os.path.join(ROOT, "pyproject.toml")):
        digest.update(read(path).encode())
    return digest.hexdigest() + " " + ROOT


def python() -> str:
    """The environment's interpreter."""
    return os.path.join(VENV, "bin", "python")


def read(path: str) -> str:
    """Text of a file; empty when there is none."""
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main())

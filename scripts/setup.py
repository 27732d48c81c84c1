"""Makes .venv from requirements.lock, or says which line to type first.

Where an NVIDIA device is found, MLX is installed with CUDA instead of for the CPU; POSTDEVAI_MLX
chooses `cpu` or `cuda` against that. It runs on whatever `python3` is there, so it keeps to syntax
that Python 3.6 reads.
"""

import ctypes
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from typing import List, NamedTuple, Optional, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
LOCK = os.path.join(ROOT, "requirements.lock")
CUDA_LOCK = os.path.join(ROOT, "scripts", "requirements-cuda.lock")
MERGED_LOCK = os.path.join(VENV, "postdevai.lock")
STAMP = os.path.join(VENV, "postdevai.stamp")
OLDEST = (3, 11)
CHOICE = "POSTDEVAI_MLX"
CPU_PACKAGE = "mlx-cpu"
CUDA_PACKAGE = "mlx-cuda-12"
DRIVER_OLDEST = (550, 54)
GLIBC_OLDEST = (2, 35)
DEVICES = ("/dev/nvidia0", "/dev/dxg")  # a card of this machine, or Windows' through WSL
DRIVER_LIBRARY = "libcuda.so.1"  # all that CUDA's MLX needs and no wheel brings
DRIVER_VERSION = "/proc/driver/nvidia/version"


class Flavour(NamedTuple):
    """Which MLX is installed, and what is said about that."""

    cuda: bool
    why: str


def main() -> int:
    """Idempotent: a second run with the same lock returns at once."""
    flavour = choose_flavour()
    wanted = fingerprint(flavour)
    if read(STAMP) == wanted and os.path.exists(python()):
        return 0
    interpreter = find_interpreter()
    if interpreter is None:
        return refuse_python()
    lock = merged_lock(flavour)
    packages = count_packages(lock)
    work = "3 GB to download, five to thirty" if flavour.cuda else "230 MB to download, one to five"
    print(
        "Setting up .venv with %s: %d packages, about %s minutes."
        % (os.path.basename(interpreter), packages, work),
        flush=True,
    )
    if flavour.why:
        print(flavour.why, flush=True)
    if not os.path.exists(python()):
        made = subprocess.run([interpreter, "-m", "venv", VENV], stdout=subprocess.PIPE)
        if made.returncode != 0:
            shutil.rmtree(VENV, ignore_errors=True)
            return refuse_venv()
    with open(MERGED_LOCK, "w") as merged:
        merged.write(lock)
    pip = [python(), "-m", "pip"]
    install = [*pip, "install", "--disable-pip-version-check", "--no-deps"]
    other = CPU_PACKAGE if flavour.cuda else CUDA_PACKAGE
    steps = [
        # First, for both bring mlx/lib/libmlx.so: who goes later takes it along.
        [*pip, "uninstall", "--disable-pip-version-check", "--yes", "--quiet", other],
        [*install, "--require-hashes", "--only-binary=:all:", "-r", MERGED_LOCK],
        [*install, "--quiet", "--no-build-isolation", "-e", ROOT],
    ]
    for step in steps:
        if run_with_progress(step, packages) != 0:
            print("Setting up failed. What is above says why; `make setup` goes on from here.")
            return 1
    with open(STAMP, "w") as stamp:
        stamp.write(wanted)
    print("Set up.", flush=True)
    return 0


def choose_flavour() -> Flavour:
    """CUDA where there is a device that MLX can use, unless the person says otherwise."""
    asked = os.environ.get(CHOICE, "").strip().lower()
    if platform.system() != "Linux" or asked == "cpu":
        return Flavour(False, "")
    if asked == "cuda":
        return Flavour(True, "MLX comes with CUDA, as %s says." % CHOICE)
    if not any(os.path.exists(device) for device in DEVICES):
        return Flavour(False, "")
    refusal = refuse_cuda(driver(), glibc())
    if refusal:
        return Flavour(False, "There is an NVIDIA device, but MLX stays on the CPU: " + refusal)
    return Flavour(
        True,
        "There is an NVIDIA device: MLX comes with CUDA. %s=cpu keeps it on the CPU." % CHOICE,
    )


def refuse_cuda(found_driver: Tuple[int, ...], found_glibc: Tuple[int, ...]) -> str:
    """Why MLX cannot use the device; empty when it can."""
    if not found_driver:
        return "its driver does not say its version. %s=cuda installs it all the same." % CHOICE
    if found_driver < DRIVER_OLDEST:
        return "its driver is %s; %s is needed." % (dotted(found_driver), dotted(DRIVER_OLDEST))
    if not is_loadable(DRIVER_LIBRARY):
        return "the driver's %s cannot be loaded." % DRIVER_LIBRARY
    if found_glibc < GLIBC_OLDEST:
        return "glibc is %s; %s is needed." % (dotted(found_glibc), dotted(GLIBC_OLDEST))
    return ""


def driver() -> Tuple[int, ...]:
    """The NVIDIA driver's version; empty when nothing tells it."""
    found = re.search(r"Kernel Module.*?\s(\d+(?:\.\d+)+)", read(DRIVER_VERSION))
    if found:
        return numbers(found.group(1))
    tool = shutil.which("nvidia-smi") or "/usr/lib/wsl/lib/nvidia-smi"
    try:
        said = subprocess.run(
            [tool, "--query-gpu=driver_version", "--format=csv,noheader"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            universal_newlines=True,
            timeout=20,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return numbers(said.split("\n")[0])


def is_loadable(library: str) -> bool:
    """Whether a process of this machine finds it: a container may have the device without."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def glibc() -> Tuple[int, ...]:
    """The C library's version; empty where it is another one."""
    name, version = platform.libc_ver()
    return numbers(version) if name == "glibc" else ()


def numbers(version: str) -> Tuple[int, ...]:
    """Of 550.54.14 the three; empty for what is no version."""
    parts = version.strip().split(".")
    return tuple(int(part) for part in parts) if all(p.isdigit() for p in parts) else ()


def dotted(version: Tuple[int, ...]) -> str:
    """For a person."""
    return ".".join(str(number) for number in version) or "not known"


def merged_lock(flavour: Flavour) -> str:
    """The lock; with CUDA, its packages in the place of the CPU's."""
    lock = read(LOCK)
    if not flavour.cuda:
        return lock
    kept = re.sub(r"(?m)^%s==.*\n(?:[ \t]+.*\n)*" % re.escape(CPU_PACKAGE), "", lock)
    return kept + read(CUDA_LOCK)


def count_packages(lock: str) -> int:
    """Lines that name one with its version."""
    return len(re.findall(r"(?m)^[A-Za-z0-9._-]+==", lock))


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


def fingerprint(flavour: Flavour) -> str:
    """Changes when what is to be installed or the project's own metadata does."""
    digest = hashlib.sha256()
    for text in (merged_lock(flavour), read(os.path.join(ROOT, "pyproject.toml"))):
        digest.update(text.encode())
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

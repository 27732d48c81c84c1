"""Which MLX is installed: the CPU's, or CUDA's where it can be used, and never both."""

# No machine of the tests has had an NVIDIA device: the choice is tested, and the second lock was
# installed once (all libraries but the driver's were found), but it has not multiplied anything.

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from scripts import setup

CUDA = setup.Flavour(True, "")
CPU = setup.Flavour(False, "")
LOADABLE = setup.is_loadable


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Linux machine with a device, a recent driver and a recent C library."""
    device = tmp_path / "nvidia0"
    device.touch()
    version = tmp_path / "version"
    version.write_text(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.124.06  Wed Feb 26 02:06:28 UTC 2025\n"
    )
    monkeypatch.delenv(setup.CHOICE, raising=False)
    monkeypatch.setattr(setup.platform, "system", lambda: "Linux")
    monkeypatch.setattr(setup.platform, "libc_ver", lambda: ("glibc", "2.39"))
    monkeypatch.setattr(setup, "DEVICES", (str(device),))
    monkeypatch.setattr(setup, "DRIVER_VERSION", str(version))
    monkeypatch.setattr(setup, "is_loadable", lambda library: library == "libcuda.so.1")
    return tmp_path


def test_a_device_that_mlx_can_use_brings_cuda_and_says_how_to_do_without(linux: Path):
    flavour = setup.choose_flavour()
    assert flavour.cuda
    assert "POSTDEVAI_MLX=cpu" in flavour.why


def test_without_a_device_nothing_is_said(linux: Path):
    (linux / "nvidia0").unlink()
    assert setup.choose_flavour() == CPU


def test_a_mac_never_gets_cuda(linux: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(setup.platform, "system", lambda: "Darwin")
    monkeypatch.setenv(setup.CHOICE, "cuda")
    assert setup.choose_flavour() == CPU


@pytest.mark.parametrize(("asked", "cuda"), [("cpu", False), ("cuda", True), ("CPU", False)])
def test_the_person_decides(linux: Path, monkeypatch: pytest.MonkeyPatch, asked: str, cuda: bool):
    monkeypatch.setenv(setup.CHOICE, asked)
    assert setup.choose_flavour().cuda is cuda


def test_an_old_driver_keeps_mlx_on_the_cpu_with_both_versions(linux: Path):
    (linux / "version").write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01\n")
    flavour = setup.choose_flavour()
    assert not flavour.cuda
    assert "535.183.1" in flavour.why and "550.54" in flavour.why


def test_the_open_kernel_module_tells_its_version_too(linux: Path):
    (linux / "version").write_text(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build\n"
    )
    assert setup.driver() == (580, 95, 5)


def test_a_device_without_its_drivers_library_keeps_mlx_on_the_cpu(
    linux: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(setup, "is_loadable", LOADABLE)
    monkeypatch.setattr(setup, "DRIVER_LIBRARY", "libcuda-that-is-not-there.so.1")
    flavour = setup.choose_flavour()
    assert not flavour.cuda
    assert "libcuda-that-is-not-there.so.1 cannot be loaded" in flavour.why


def test_an_old_c_library_keeps_mlx_on_the_cpu(linux: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(setup.platform, "libc_ver", lambda: ("glibc", "2.31"))
    assert "glibc is 2.31; 2.35 is needed" in setup.choose_flavour().why


def test_a_driver_that_says_nothing_is_not_guessed(linux: Path, monkeypatch: pytest.MonkeyPatch):
    (linux / "version").unlink()
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    flavour = setup.choose_flavour()
    assert not flavour.cuda
    assert "POSTDEVAI_MLX=cuda" in flavour.why


def test_with_cuda_the_cpus_library_is_not_installed_and_everything_else_is():
    before, after = names(setup.merged_lock(CPU)), names(setup.merged_lock(CUDA))
    assert "mlx-cpu" in before and "mlx-cpu" not in after
    assert "mlx-cuda-12" in after and "mlx-cuda-12" not in before
    assert before - after == {"mlx-cpu"}
    assert all(n.startswith(("mlx-cuda-12", "nvidia-")) for n in after - before)


def test_cudas_mlx_has_the_version_of_the_mlx_that_it_is_for():
    """An update of requirements.lock that forgets the other one fails here."""
    lock = setup.merged_lock(CUDA)
    versions = dict(re.findall(r"(?m)^(mlx|mlx-cuda-12)==([\w.]+)", lock))
    assert versions["mlx"] == versions["mlx-cuda-12"]


@pytest.mark.parametrize("flavour", [CPU, CUDA], ids=["cpu", "cuda"])
def test_every_package_of_a_lock_has_its_hash(flavour: setup.Flavour):
    lock = setup.merged_lock(flavour)
    blocks = re.findall(r"(?m)^[\w.-]+==.*\n(?:[ \t]+.*\n)*", lock)
    assert len(blocks) == setup.count_packages(lock)
    assert all("--hash=sha256:" in block for block in blocks)


def test_another_flavour_is_another_environment():
    assert setup.fingerprint(CPU) != setup.fingerprint(CUDA)
    assert setup.fingerprint(CPU) == setup.fingerprint(setup.Flavour(False, "said differently"))


def test_the_other_flavour_goes_before_this_one_comes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    ran: list[list[str]] = []

    def run(step: list[str], packages: int) -> int:
        ran.append(step[1:])
        return 0

    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    monkeypatch.setattr(setup, "VENV", str(tmp_path))
    monkeypatch.setattr(setup, "STAMP", str(tmp_path / "stamp"))
    monkeypatch.setattr(setup, "MERGED_LOCK", str(tmp_path / "lock"))
    monkeypatch.setattr(setup, "choose_flavour", lambda: CUDA)
    monkeypatch.setattr(setup, "run_with_progress", run)
    assert setup.main() == 0
    assert [step[2] for step in ran] == ["uninstall", "install", "install"]
    assert ran[0][-1] == "mlx-cpu"
    assert "mlx-cuda-12==" in (tmp_path / "lock").read_text()
    assert setup.main() == 0
    assert len(ran) == 3  # the second run found its stamp


def test_an_old_python_can_read_it_to_say_that_it_is_too_old():
    ast.parse(Path(setup.__file__).read_text(), feature_version=(3, 6))


def names(lock: str) -> set[str]:
    return set(re.findall(r"(?m)^([\w.-]+)==", lock))

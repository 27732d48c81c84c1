"""What a test's file imports, in every layout that pytest runs; and files that cannot be read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from developer_node.text import imports as room
from developer_node.text.imports import Imported, Imports
from tests.support import shop_project


def of(root: Path, files: Mapping[str, str | bytes], test: str, cwd: str = "") -> Imported:
    """What the test imports, after these files were written."""
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Imports(str(root), str(root / cwd)).of(test)


LAYOUTS: dict[str, tuple[dict[str, str], str, tuple[str, ...]]] = {
    "beside": (
        {"calculator.py": "", "test_c.py": "from calculator import add"},
        "test_c.py",
        ("calculator.py",),
    ),
    "root": (
        {"shop/cart.py": "", "tests/test_c.py": "import shop.cart as cart"},
        "tests/test_c.py",
        ("shop/cart.py",),
    ),
    "src": (
        {"src/shop/__init__.py": "", "src/shop/cart.py": "", "tests/test_c.py": "import shop.cart"},
        "tests/test_c.py",
        ("src/shop/__init__.py", "src/shop/cart.py"),
    ),
    "src of a part": (
        {"parts/a/src/shop/cart.py": "", "parts/a/tests/test_c.py": "import shop.cart"},
        "parts/a/tests/test_c.py",
        ("parts/a/src/shop/cart.py",),
    ),
    "submodule by name": (
        {"shop/__init__.py": "", "shop/cart.py": "", "test_c.py": "from shop import cart"},
        "test_c.py",
        ("shop/__init__.py", "shop/cart.py"),
    ),
    "namespace package": (
        {"shop/cart.py": "", "test_c.py": "from shop import cart"},
        "test_c.py",
        ("shop/cart.py",),
    ),
    "relative": (
        {
            "shop/__init__.py": "",
            "shop/cart.py": "",
            "shop/tests/__init__.py": "",
            "shop/tests/test_c.py": "from ..cart import total",
        },
        "shop/tests/test_c.py",
        ("shop/__init__.py", "shop/cart.py", "shop/tests/__init__.py"),
    ),
    "package of tests": (
        {
            "tests/__init__.py": "",
            "tests/support.py": "",
            "tests/test_c.py": "from tests.support import x",
        },
        "tests/test_c.py",
        ("tests/__init__.py", "tests/support.py"),
    ),
    "conftests": (
        {
            "conftest.py": "",
            "tests/a/conftest.py": "",
            "b/conftest.py": "",
            "tests/a/test_c.py": "",
        },
        "tests/a/test_c.py",
        ("conftest.py", "tests/a/conftest.py"),
    ),
    "by text": (
        {
            "a.py": "",
            "b.py": "",
            "c.py": "",
            "test_c.py": "import importlib\npytest_plugins = ['a']\n"
            "def test_x():\n    importlib.import_module('b')\n    open('c')\n",
        },
        "test_c.py::test_x",
        ("a.py", "b.py"),
    ),
    "inside try and class": (
        {
            "a.py": "",
            "b.py": "",
            "test_c.py": "try:\n    import a\nexcept ImportError:\n    import b\n",
        },
        "test_c.py",
        ("a.py", "b.py"),
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_tests_imports_are_found_in_every_layout(tmp_path: Path, layout: str) -> None:
    files, test, expected = LAYOUTS[layout]
    files = {**files, "unused.py": "", "tests/unused.py": "", "os.py": ""}
    found = of(tmp_path, files, test)
    assert tuple(sorted(found.imports)) == expected
    assert found.reaches == ()


def test_the_working_directory_is_looked_in_last(tmp_path: Path) -> None:
    """As `python -m pytest ../tests` finds what lies beside."""
    files = {"app/cart.py": "", "tests/test_c.py": "import cart"}
    assert of(tmp_path, files, "tests/test_c.py", cwd="app").imports == ("app/cart.py",)
    assert of(tmp_path, files, "tests/test_c.py").imports == ()


def test_what_imports_import_is_reached_nearest_first_and_circles_end(tmp_path: Path) -> None:
    files = {
        "test_c.py": "import a",
        "a.py": "import b",
        "b.py": "import c, test_c",
        "c.py": "import a",
        "d.py": "import a",
    }
    assert of(tmp_path, files, "test_c.py::test_x") == Imported(("a.py",), ("b.py", "c.py"))


def test_a_test_is_not_an_import_of_itself(tmp_path: Path) -> None:
    files = {"a.py": "", "test_c.py": "import test_c, a"}
    assert of(tmp_path, files, "test_c.py") == Imported(("a.py",))


def test_inside_a_package_of_tests_nothing_is_imported_by_its_bare_name(tmp_path: Path) -> None:
    """pytest puts the directory above the package on the path, not the package."""
    files = {"tests/__init__.py": "", "tests/a.py": "", "tests/test_c.py": "import a"}
    assert of(tmp_path, files, "tests/test_c.py").imports == ("tests/__init__.py",)


def test_what_only_another_test_imports_is_not_this_ones(tmp_path: Path) -> None:
    source = """
class TestA:
    def setUp(self): import a
    def test_one(self): import b
    def test_two(self): import c
"""
    files = {"a.py": "", "b.py": "", "c.py": "", "test_c.py": source}
    assert of(tmp_path, files, "test_c.py::TestA::test_two[b]").imports == ("a.py", "c.py")
    assert of(tmp_path, files, "test_c.py").imports == ("a.py", "b.py", "c.py")


def test_what_a_type_checker_alone_reads_is_not_imported(tmp_path: Path) -> None:
    source = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\nelse:\n    import b"
    )
    files = {"a.py": "", "b.py": "", "test_c.py": source}
    assert of(tmp_path, files, "test_c.py").imports == ("b.py",)


def test_a_name_of_the_standard_library_is_not_a_file_here(tmp_path: Path) -> None:
    files = {"types.py": "", "typed.py": "", "test_c.py": "import types, typed"}
    assert of(tmp_path, files, "test_c.py").imports == ("typed.py",)


@pytest.mark.parametrize(
    "source",
    [
        b"def f(:\n",
        b"# coding: no-such-codec\nimport a\n",
        b"import a\n\xff\xfe\n",
        b"import a\0\n",
        b"x = " + b"(" * 5000 + b")" * 5000,
        b"import a\nx = " + b"1+" * 20000 + b"1",
        b"import a\nx = " + b"-" * 100000 + b"1",
        b"import " + b".".join([b"a"] * 3000),
        b"import a\n# " + b"x" * room._FILE_BYTES_MAX,
    ],
    ids=["syntax", "codec", "bytes", "nul", "deep", "long sum", "many signs", "long name", "large"],
)
def test_a_file_that_cannot_be_read_as_python_imports_nothing(
    tmp_path: Path, source: bytes
) -> None:
    files: dict[str, str | bytes] = {"a.py": "", "test_c.py": "import broken", "broken.py": source}
    assert of(tmp_path, files, "test_c.py") == Imported(("broken.py",))
    assert of(tmp_path, files, "broken.py").imports == ()


def test_another_encoding_is_read(tmp_path: Path) -> None:
    source = "# -*- coding: latin-1 -*-\nimport a  # \xe9\n".encode("latin-1")
    assert of(tmp_path, {"a.py": "", "test_c.py": source}, "test_c.py").imports == ("a.py",)


@pytest.mark.parametrize("test", ["", "gone.py::test_x", "../out.py", "a\0.py", "tests", "a.txt"])
def test_a_test_that_is_no_file_here_imports_nothing(tmp_path: Path, test: str) -> None:
    root = tmp_path / "root"
    files = {"a.py": "", "a.txt": "import a", "../out.py": "import a", "tests/a.py": ""}
    assert of(root, files, test) == Imported()
    assert Imports("", str(root)).of(test) == Imported()


def test_a_link_that_leaves_the_working_copy_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    files = {"test_c.py": "import away, here", "real/x.py": "", "../away.py": "import real.x"}
    of(root, files, "test_c.py")
    os.symlink(tmp_path / "away.py", root / "away.py")
    os.symlink(root / "real" / "x.py", root / "here.py")
    assert of(root, {}, "test_c.py") == Imported(("real/x.py",))


def test_limits_cut_what_is_farthest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "IMPORTS_MAX", 2)
    monkeypatch.setattr(room, "REACHES_MAX", 2)
    files = {f"m{i}.py": "" for i in range(9)}
    files |= {"m0.py": "import m3, m4", "test_c.py": "import m0, m1, m2"}
    assert of(tmp_path, files, "test_c.py") == Imported(("m0.py", "m1.py"), ("m2.py", "m3.py"))


def test_all_failures_of_a_command_share_one_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PATHS_BYTES_MAX", 15)
    files = {"m1.py": "import m2, m3", "m2.py": "", "m3.py": "", "test_c.py": "import m1"}
    of(tmp_path, files, "test_c.py")
    imports = Imports(str(tmp_path), str(tmp_path))
    assert imports.of("test_c.py") == Imported(("m1.py",), ("m2.py",))
    assert imports.of("test_c.py") == Imported()


def test_what_is_not_read_in_time_is_not_claimed(tmp_path: Path) -> None:
    of(tmp_path, {"a.py": "", "test_c.py": "import a"}, "test_c.py")
    times = iter([0.0, *[room._TIME_S + 1] * 9])
    imports = Imports(str(tmp_path), str(tmp_path), clock=lambda: next(times))
    assert imports.of("test_c.py") == Imported()


def test_a_failure_carries_its_imports_and_they_are_not_part_of_its_identity(
    tmp_path: Path,
) -> None:
    one, other = (shop_project.make(tmp_path / name) for name in ("one", "other"))
    file = other / "tests/test_cart.py"
    (other / "more.py").write_text("")
    file.write_text(file.read_text() + "\nimport more\n")
    test = ("tests", "-k", "apples")
    (before,) = shop_project.run(one, *test).failures
    (after,) = shop_project.run(other, *test).failures
    assert before.imports == ("src/shop/__init__.py", "src/shop/cart.py")
    assert after.imports == (*before.imports, "more.py")
    assert after.fingerprint == before.fingerprint

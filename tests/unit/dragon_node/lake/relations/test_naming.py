"""What the name of an import may mean."""

from __future__ import annotations

import pytest

from dragon_node.lake.relations.naming import meant, module_of, stem_of

_FILES = [
    "shop/__init__.py",
    "shop/orders.py",
    "shop/sub/prices.py",
    "shop/json.py",
    "src/tool/run.py",
    "one/twice.py",
    "two/twice.py",
    "web/list.ts",
    "web/parts/index.tsx",
    "web/old.js",
]


@pytest.mark.parametrize(
    ("path", "named", "file"),
    [
        ("main.py", "shop.orders", "shop/orders.py"),
        ("main.py", "shop:orders", "shop/orders.py"),
        ("main.py", "shop:Total", "shop/__init__.py"),
        ("main.py", "tool.run", "src/tool/run.py"),
        ("shop/sub/prices.py", "..orders:total", "shop/orders.py"),
        ("shop/orders.py", ".sub:prices", "shop/sub/prices.py"),
        ("shop/orders.py", ".:orders", "shop/orders.py"),
        ("web/page.ts", "./list", "web/list.ts"),
        ("web/page.ts", "./list.js", "web/list.ts"),
        ("web/page.ts", "./parts", "web/parts/index.tsx"),
        ("web/parts/x.js", "../old", "web/old.js"),
        ("main.py", "numpy", ""),
        ("web/page.ts", "react", ""),
        ("main.go", "fmt", ""),
    ],
)
def test_a_name_means_a_file_of_the_project_or_none(path: str, named: str, file: str) -> None:
    module = module_of(path, named)
    assert meant(module, _FILES) == file
    if file:
        assert stem_of(file) in (module.last, module.other)


def test_a_name_that_could_mean_two_files_means_none() -> None:
    assert meant(module_of("main.py", "twice"), _FILES) == ""


def test_what_python_brings_is_not_looked_for_in_the_project() -> None:
    assert meant(module_of("main.py", "json"), _FILES) == ""
    assert meant(module_of("main.py", "json"), [*_FILES, "json.py"]) == "json.py"


def test_a_module_that_is_not_found_keeps_its_name_for_people() -> None:
    assert module_of("main.py", "numpy:array").name == "numpy:array"
    assert module_of("a/b.py", ".c:d").name == "a.c:d"

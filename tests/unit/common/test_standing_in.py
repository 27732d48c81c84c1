"""What stands in an identity where no frame names a function."""

from __future__ import annotations

import pytest

from common.standing_in import own_name, program


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("shop src/lib.rs::cart::tests::one_apple", "cart::tests::one_apple"),
        ("example.com/shop/cart::TestMany/of_apples", "TestMany/of_apples"),
        ("tests/test_cart.py::TestCart::test_words[a - b]", "TestCart::test_words[a - b]"),
        ("prices > adds three", "prices > adds three"),
        ("vt/broken.test.js", ""),
        ("GET /cart", ""),
        ("", ""),
    ],
)
def test_a_tests_own_name_is_without_its_file_package_or_directory(test: str, name: str) -> None:
    assert own_name(test) == name


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/usr/bin/docker ps", "docker"),
        ("./a.sh --fast", "a.sh"),
        ("sh -x scripts/a.sh", "a.sh"),
        ("bash -c './b.sh now'", "b.sh"),
        ("cd /srv/shop && ./a.sh", "a.sh"),
        ("DEBUG=1 sudo ./a.sh", "a.sh"),
        ("python3.12 -m pip install pear", "pip"),
        ("python tools/load.py", "load.py"),
        ("python -c 'import pear'", "python"),
        ("node", "node"),
        ("it's cut", "it's"),
        ("", ""),
    ],
)
def test_a_program_goes_by_its_name_whoever_starts_it(command: str, name: str) -> None:
    assert program(command) == name

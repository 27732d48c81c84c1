"""The repository that the demo works in: a small shop with two ways to break one test."""

from __future__ import annotations

from dataclasses import dataclass

CART = '''"""What is in a cart, and what it costs."""

from __future__ import annotations

from shop.discount import percent


def total(prices: list[int], code: str = "") -> int:
    """Cents for everything, less the discount, rounded down."""
    sum_of_prices = sum(prices)
    return sum_of_prices - sum_of_prices * percent(code) // 100
'''

DISCOUNT = '''"""Discount codes: how a code that a customer types becomes a percentage."""

from __future__ import annotations

CODES = {"SPRING": 10, "STAFF": 25}


def percent(code: str) -> int:
    """Percent off for a code; capitals and blanks do not matter; unknown codes give none."""
    wanted = code.strip().upper()
    return CODES.get(wanted, 0)
'''

WAREHOUSE = '''"""Asks the warehouse, over a network that is not always there."""

from __future__ import annotations

import os
from pathlib import Path


def answers() -> bool:
    """Whether the warehouse can be reached just now."""
    return not Path(os.environ["SHOP_NETWORK_DOWN"]).exists()
'''

TEST_CART = """from shop.cart import total


def test_total_without_a_code():
    assert total([500, 499]) == 999


def test_total_with_a_code():
    assert total([1000, 250], " spring ") == 1125
"""

TEST_WAREHOUSE = """from shop.warehouse import answers


def test_the_warehouse_answers():
    assert answers(), "no answer from the warehouse"
"""

FILES = {
    ".gitignore": "__pycache__/\n.pytest_cache/\n",
    "README.md": "# shop\nCarts, discount codes and a warehouse.\n",
    "conftest.py": "",
    "shop/__init__.py": '"""A shop."""\n',
    "shop/cart.py": CART,
    "shop/discount.py": DISCOUNT,
    "shop/warehouse.py": WAREHOUSE,
    "tests/test_cart.py": TEST_CART,
    "tests/test_warehouse.py": TEST_WAREHOUSE,
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that somebody gets wrong, and how its repair is called."""

    path: str
    right: str
    wrong: str
    breaking: str
    """Subject of the commit that brings it in."""
    repair: str
    """Subject of the commit that takes it out."""


DIVISION = Mistake(
    "shop/cart.py",
    "return sum_of_prices - sum_of_prices * percent(code) // 100",
    "return sum_of_prices - sum_of_prices // (100 // percent(code))",
    "cart: divide first, so that numbers stay small",
    "cart: without a code there is nothing to divide by",
)
"""A cart without a code divides by zero."""

LOOKUP = Mistake(
    "shop/discount.py",
    "return CODES.get(wanted, 0)",
    "return CODES[wanted]",
    "discount: look codes up directly",
    "discount: an unknown code is worth nothing",
)
"""The same test fails for another reason: a KeyError one frame further in."""

HEADER = """# Copyright the shop's owners.
#
# Prices are whole cents everywhere: no floating point number may enter this package.
# Rounding is always down, in favour of the customer.

"""
"""Put before a file so that every line in it moves."""

QUESTION = "How does a discount code that a customer types become a percentage?"
ANSWERING_FILE = "shop/discount.py"

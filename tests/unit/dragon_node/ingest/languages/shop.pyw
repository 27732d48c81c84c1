import os
import numpy as np
from .cart import Cart, Item as Thing
from shop.money import *


class Basket(Cart):
    @property
    def total(self) -> int:
        def inner() -> int:
            return 0

        return inner()


@decorated
def main() -> None:
    import json

    print(json, os, np, Thing)

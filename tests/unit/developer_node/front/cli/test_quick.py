"""What is read by hand is what the parser would have understood; the rest is left to it."""

from __future__ import annotations

import pytest

from developer_node.front.cli import quick
from tests.unit.developer_node.front.cli.test_commands import imported


@pytest.mark.parametrize(
    "words",
    [
        ["recall", "--last"],
        ["recall", "--json", "-"],
        ["recall", "--json", "--last", "--fingerprint", "f"],
        ["recall", "--json", "--fingerprint"],
        ["recall", "--json", "--lats"],
        ["recall", "--json", "KeyError"],
        ["recall", "--json", "--last", "--", "KeyError"],
        ["status"],
        ["status", "--json", "--help"],
        ["search", "--json", "x"],
    ],
    ids=" ".join,
)
def test_whatever_is_not_plain_is_left_to_the_parser(words: list[str]) -> None:
    assert quick.quick(words) is None


@pytest.mark.parametrize(
    "words", [("recall", "--json", "--last"), ("status", "--json")], ids=" ".join
)
def test_the_plain_forms_load_no_parser(
    words: tuple[str, ...],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POSTDEVAI_HOME", str(tmp_path_factory.mktemp("home")))
    loaded = imported(*words)
    assert "developer_node.front.local_once" in loaded, "the control: it was read by hand"
    assert not loaded & {"typer", "pydantic", "rich"}

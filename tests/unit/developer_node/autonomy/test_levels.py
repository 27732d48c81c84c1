"""What is allowed where: the owner's word, and less where a repository asks for less."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Corrupt, Invalid
from common.model.event import Autonomy
from common.model.remedy import AutonomySetting
from developer_node.autonomy.levels import SHARED, Levels


@pytest.fixture
def levels(tmp_path: Path) -> Levels:
    return Levels(tmp_path / "autonomy.json")


def test_without_a_word_of_the_owner_a_card_is_shown_and_nothing_is_done(levels: Levels) -> None:
    assert levels.at("/code/thing") == AutonomySetting("advisor", "/code/thing")


def test_the_nearest_place_counts(levels: Levels) -> None:
    levels.allow(AutonomySetting("observer", ""))
    levels.allow(AutonomySetting("assistant", "/code", ("code",)))
    assert levels.at("/code/thing").level == "assistant"
    assert levels.at("/code/thing").classes == ("code",)
    assert levels.at("/codex").level == "observer", "a name that only begins alike"
    assert levels.at("").level == "observer"


@pytest.mark.parametrize(
    ("owners", "asked", "held"),
    [
        ("assistant", "notifier", "notifier"),
        ("notifier", "pair programmer", "notifier"),
        ("advisor", "advisor", "advisor"),
    ],
)
def test_a_repository_lowers_the_level_and_never_raises_it(
    levels: Levels, tmp_path: Path, owners: Autonomy, asked: str, held: str
) -> None:
    (tmp_path / ".postdevai.toml").write_text(f'[autonomy]\nlevel = "{asked}"\n')
    levels.allow(AutonomySetting(owners, ""))
    now = levels.at(str(tmp_path))
    assert now.level == held
    assert bool(now.lowered_by) == (held != owners)


def test_settings_of_a_repository_that_cannot_be_read_allow_nothing(
    levels: Levels, tmp_path: Path
) -> None:
    (tmp_path / ".postdevai.toml").write_text("[autonomy\n")
    levels.allow(AutonomySetting("pair programmer", "", ("code",)))
    assert levels.at(str(tmp_path)).level == "observer"


@pytest.mark.parametrize(
    "wrong",
    [
        AutonomySetting("king", ""),  # type: ignore[arg-type]
        AutonomySetting("advisor", "here"),
        AutonomySetting("assistant", "", ("everything",)),  # type: ignore[arg-type]
    ],
)
def test_a_level_a_place_or_a_class_that_is_none_is_refused(
    levels: Levels, wrong: AutonomySetting
) -> None:
    with pytest.raises(Invalid):
        levels.allow(wrong)
    assert not levels.path.exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"": {"level": "king", "classes": []}}', '{"": 1}'])
def test_a_damaged_file_says_what_to_do(levels: Levels, text: str) -> None:
    levels.path.write_text(text)
    with pytest.raises(Corrupt) as why:
        levels.at("/code")
    assert "postdevai autonomy" in why.value.hint


@pytest.mark.parametrize(
    ("owners", "shared", "held", "by"),
    [
        ("assistant", "notifier", "notifier", SHARED),
        ("notifier", "assistant", "notifier", ""),
        ("advisor", None, "advisor", ""),
    ],
)
def test_the_owners_laptops_together_can_only_lower_it(
    tmp_path: Path, owners: Autonomy, shared: Autonomy | None, held: Autonomy, by: str
) -> None:
    levels = Levels(tmp_path / "autonomy.json", lambda place: shared)
    levels.allow(AutonomySetting(owners, ""))
    for place in ("", "/code/thing"):
        assert (levels.at(place).level, levels.at(place).lowered_by) == (held, by)

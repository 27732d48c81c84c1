"""What mutes a card, and what does not."""

from __future__ import annotations

from tests.support.failures import FIXED, MINUTE_MS, Copy, Story, failure

BAD = "def price(item):\n    return TABLE[item]\n"
OTHER = "def price(item):\n    return TABLE['pear']\n"


def fail_and_fix(copy: Copy, values: str = "v1") -> None:
    copy.write("shop/cart.py", BAD)
    copy.fails(failure(values=values))
    copy.write("shop/cart.py", FIXED)
    copy.passes()


def matches(story: Story) -> list[str]:
    return [match for match, _ in story.cards()]


def test_a_card_for_other_values_does_not_mute_the_exact_one(story: Story) -> None:
    fail_and_fix(story.copy("laptop"))
    other = story.copy("desktop")
    other.write("shop/cart.py", OTHER)
    other.fails(failure(values="v2"))
    other.write("shop/cart.py", BAD)
    other.fails(failure(values="v1"))
    assert matches(story) == ["same, other values", "same"]


def test_an_exact_card_mutes_one_for_other_values(story: Story) -> None:
    fail_and_fix(story.copy("laptop"))
    other = story.copy("desktop")
    other.fails(failure(values="v1"))
    other.write("shop/cart.py", OTHER)
    other.fails(failure(values="v2"))
    assert matches(story) == ["same"]


def test_other_values_each_time_get_one_card_in_ten_minutes(story: Story) -> None:
    fail_and_fix(story.copy("laptop"))
    other = story.copy("desktop")
    for n in range(4):
        other.write("shop/cart.py", OTHER + f"# {n}\n")
        other.fails(failure(values=f"w{n}"))
    assert len(story.cards()) == 1


def test_an_open_episode_gets_an_exact_card_after_a_weaker_one(story: Story) -> None:
    laptop, other = story.copy("laptop"), story.copy("desktop")
    fail_and_fix(laptop)
    other.write("shop/cart.py", OTHER)
    other.fails(failure(values="v2"))
    laptop.write("shop/cart.py", OTHER)
    laptop.fails(failure(values="v2"))
    laptop.write("shop/cart.py", FIXED)
    laptop.passes()
    story.now_ms += 11 * MINUTE_MS
    for _ in range(2):
        other.fails(failure(values="v2"))
    here = story.db.execute('SELECT "match" FROM cards WHERE wc=? ORDER BY cursor', (other.wc,))
    assert [str(row[0]) for row in here] == ["same, other values", "same"]


def test_a_failure_that_comes_back_after_a_pass_gets_its_card_again(story: Story) -> None:
    fail_and_fix(story.copy("laptop"))
    other = story.copy("desktop")
    for _ in range(2):
        fail_and_fix(other)
    assert matches(story) == ["same", "same"]


def test_a_failure_that_comes_and_goes_with_nothing_changed_is_not_said_again(
    story: Story,
) -> None:
    fail_and_fix(story.copy("laptop"))
    other = story.copy("desktop")
    for _ in range(3):
        other.fails(failure())
        other.passes()
    assert matches(story) == ["same"]

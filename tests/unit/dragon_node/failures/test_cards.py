"""When a card is made, what it says, and when there is silence."""

from __future__ import annotations

import asyncio

from common.model.failure import Suggestion
from dragon_node.answer.suggesting import Suggestions
from dragon_node.failures.cards import CARDS_A_RUN_MAX, CARDS_AN_HOUR_MAX
from dragon_node.failures.recall import Recaller
from tests.support.failures import FIXED, MINUTE_MS, TEST, Copy, Story, failure

BAD = "def price(item):\n    return TABLE[item]\n"


def fail_and_fix(copy: Copy, fingerprint: str = "f1", values: str = "v1") -> None:
    copy.write("shop/cart.py", f"# {fingerprint}\n" + BAD)
    copy.fails(failure(fingerprint, values))
    copy.write("shop/cart.py", f"# {fingerprint}\n" + FIXED)
    copy.passes()


class Moving(Story):
    """A story whose listener can wait for the next page."""

    def __init__(self) -> None:
        super().__init__()
        self.moved = asyncio.Event()
        self.waiting = asyncio.Event()

    async def wait_applied(self, lsn: int) -> int:
        while len(self.records) <= lsn:
            self.moved.clear()
            self.waiting.set()
            await self.moved.wait()
        return len(self.records)


def test_a_first_failure_gets_no_card(story: Story) -> None:
    copy = story.copy()
    copy.fails(failure())
    assert story.cards() == []


def test_a_person_who_is_still_trying_gets_no_card(story: Story) -> None:
    copy = story.copy()
    for attempt in range(5):
        copy.write("shop/cart.py", f"# attempt {attempt}\n")
        copy.fails(failure())
    assert story.cards() == []


def test_a_failure_whose_past_explains_nothing_gets_no_card(story: Story) -> None:
    copy = story.copy()
    copy.fails(failure(files=("tests/test_cart.py",)))
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    story.now_ms += 60 * MINUTE_MS
    copy.write("shop/cart.py", BAD)
    copy.fails(failure(files=("tests/test_cart.py",)))
    assert story.cards() == []


def test_the_same_failure_in_another_clone_gets_one_card_an_episode(story: Story) -> None:
    fail_and_fix(story.copy("laptop"))
    other = story.copy("desktop")
    other.fails(failure())
    other.write("README.md", "still trying\n")
    other.fails(failure())
    assert story.cards() == [("same", "the same symptom was seen before and passed later")]


def test_a_long_episode_gets_no_second_card(story: Story) -> None:
    fail_and_fix(story.copy("laptop"))
    other = story.copy("desktop")
    for hour in range(3):
        story.now_ms += 60 * MINUTE_MS
        other.write("README.md", f"hour {hour}\n")
        other.fails(failure())
    assert len(story.cards()) == 1


def test_other_values_are_said(story: Story) -> None:
    fail_and_fix(story.copy("laptop"))
    story.copy("desktop").fails(failure(values="v2"))
    ((match, why),) = story.cards()
    assert match == "same, other values"
    assert "with other values" in why


def test_another_projects_past_is_offered_by_its_name(story: Story) -> None:
    fail_and_fix(story.copy("laptop"))
    story.copy("else", project="bakery").fails(failure())
    ((_, why),) = story.cards()
    assert "the same symptom in shop" in why


def test_the_own_projects_past_goes_before_anothers(story: Story) -> None:
    fail_and_fix(story.copy("laptop"))
    fail_and_fix(story.copy("else", project="bakery"))
    story.now_ms += 60 * MINUTE_MS
    story.copy("third", project="bakery").fails(failure())
    assert "in shop" not in story.cards()[-1][1]


def test_a_flaky_failure_gets_a_card_with_its_counts(story: Story) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.passes()
    story.now_ms += 60 * MINUTE_MS
    copy.write("README.md", "other\n")
    copy.fails(failure())
    why = "the same symptom: it failed 1 of 2 runs, and nothing that git follows changed"
    assert story.cards() == [("same", why)]


def test_one_run_gets_at_most_three_cards(story: Story) -> None:
    copy = story.copy("laptop")
    names = [f"f{i}" for i in range(CARDS_A_RUN_MAX + 2)]
    for name in names:
        fail_and_fix(copy, name)
    story.copy("desktop").fails(*(failure(n, test=f"{TEST}_{n}") for n in names))
    assert len(story.cards()) == CARDS_A_RUN_MAX


def test_the_same_symptom_of_two_tests_gets_one_card_in_ten_minutes(story: Story) -> None:
    fail_and_fix(story.copy("laptop"))
    other = story.copy("desktop")
    other.write("shop/cart.py", BAD)
    other.fails(failure())
    other.fails(failure(test=f"{TEST}_two"))
    assert len(story.cards()) == 1
    story.now_ms += 11 * MINUTE_MS
    other.fails(failure(test=f"{TEST}_three"))
    assert len(story.cards()) == 2


def test_a_project_gets_at_most_twelve_cards_an_hour(story: Story) -> None:
    copy = story.copy("laptop")
    names = [f"f{i}" for i in range(CARDS_AN_HOUR_MAX + 3)]
    for name in names:
        fail_and_fix(copy, name)
    other = story.copy("desktop")
    for name in names:
        other.fails(failure(name))
    assert len(story.cards()) == CARDS_AN_HOUR_MAX


async def test_a_listener_gets_the_card_with_remedy_and_commit_and_resumes_after_it() -> None:
    story = Moving()
    laptop = story.copy("laptop")
    laptop.commit("first")
    fail_and_fix(laptop)
    made = laptop.commit("fix")
    story.copy("desktop").fails(failure())
    suggestions = Suggestions(story, Recaller(story))
    stream = suggestions.watch(0)
    card = await anext(stream)
    (remedy,) = card.recollection.remedies
    assert (remedy.commit, remedy.state) == (made.sha, "observed")
    assert len(card.recollection.occurrences) == 1, "the failure that brought it about is no past"
    await stream.aclose()

    later: list[Suggestion] = []

    async def listen() -> None:
        async for one in suggestions.watch(card.cursor):
            later.append(one)
            return

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(listen())
        await story.waiting.wait()
        assert later == []
        story.copy("third").fails(failure())
        story.moved.set()
    assert later[0].cursor > card.cursor


async def test_a_listener_with_a_cursor_of_a_lost_journal_gets_the_cards_of_this_one() -> None:
    story = Moving()
    fail_and_fix(story.copy("laptop"))
    story.copy("desktop").fails(failure())
    stream = Suggestions(story, Recaller(story)).watch(1_000)
    async with asyncio.timeout(20):
        assert (await anext(stream)).cursor < 1_000
    await stream.aclose()


async def test_a_card_does_not_change_when_its_own_episode_ends() -> None:
    story = Moving()
    fail_and_fix(story.copy("laptop"))
    other = story.copy("desktop")
    other.fails(failure())
    stream = Suggestions(story, Recaller(story)).watch(0)
    first = await anext(stream)
    await stream.aclose()
    other.write("shop/cart.py", "def price(item):\n    return 7\n")
    other.passes()
    stream = Suggestions(story, Recaller(story)).watch(0)
    again = await anext(stream)
    await stream.aclose()
    assert again == first

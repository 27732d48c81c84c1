"""How cards are taken, and what follows: silence where they are not wanted, and only there."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from common.errors import Conflict, Invalid, Missing
from common.model.failure import Verdict
from common.model.ids import ProjectId
from common.model.remedy import CardStats
from dragon_node.answer.suggesting import Suggestions
from dragon_node.failures.judged import JUDGED_MIN
from dragon_node.failures.memory import FailureMemory
from dragon_node.failures.recall import Recaller
from dragon_node.failures.reception import Reception
from dragon_node.lake import aliases
from dragon_node.lake.forgetting import notes
from dragon_node.lake.forgetting.notes import Oblivious
from dragon_node.lake.records import Note
from tests.support.failures import FIXED, MINUTE_MS, Copy, Story, failure

BAD = "def price(item):\n    return TABLE[item]\n"
HOUR_MS = 60 * MINUTE_MS


VERDICTS: dict[str, Verdict] = {"y": "accepted", "n": "rejected"}


class Told(Story):
    """A story that has come to its end."""

    def __init__(self, story: Story) -> None:
        super().__init__()
        self.memory = story

    async def wait_applied(self, lsn: int) -> int:
        return 1


@pytest.fixture
def reception(story: Story) -> Reception:
    return reception_of(story)


def reception_of(story: Story) -> Reception:
    async def note(note: Note) -> None:
        story.accept(note)

    return Reception(story, note)


def fail_and_fix(copy: Copy, fingerprint: str = "f1") -> None:
    copy.write("shop/cart.py", f"# {fingerprint}\n" + BAD)
    copy.fails(failure(fingerprint))
    copy.write("shop/cart.py", f"# {fingerprint}\n" + FIXED)
    copy.passes()


def known_failures(story: Story, count: int, project: str = "shop") -> list[str]:
    copy = story.copy(f"first of {project}", project)
    names = [f"{project} {n}" for n in range(count)]
    for name in names:
        fail_and_fix(copy, name)
    return names


async def judged(story: Story, names: Sequence[str], verdicts: str, project: str = "shop") -> None:
    """Each of these failures happens again, gets its card, and is judged."""
    copy = story.copy(f"second of {project}", project)
    reception = reception_of(story)
    for name, verdict in zip(names, verdicts, strict=True):
        story.now_ms += HOUR_MS
        copy.fails(failure(name))
        (remedy,) = (await Recaller(story).by_fingerprint(name)).remedies
        await reception.feedback(remedy.id, VERDICTS[verdict])


def newest_card(story: Story) -> str:
    return str(story.db.execute("SELECT id FROM cards ORDER BY cursor DESC LIMIT 1").get)


def last_words(story: Story) -> list[str]:
    return [why for match, why in story.cards() if match == "none"]


async def test_cards_are_counted_by_what_was_said_of_them(
    story: Story, reception: Reception
) -> None:
    names = known_failures(story, 4)
    await judged(story, names[:3], "yny")
    story.copy("second of shop").fails(failure(names[3]))
    await reception.snooze(newest_card(story), story.now_ms + HOUR_MS)
    assert await reception.stats("shop") == (CardStats("shop", 4, 2, 1, 1),)
    assert await reception.stats("") == await reception.stats("id-shop")


async def test_what_was_judged_stays_judged_when_it_is_put_off(
    story: Story, reception: Reception
) -> None:
    names = known_failures(story, 1)
    await judged(story, names, "y")
    await reception.snooze(newest_card(story), story.now_ms + HOUR_MS)
    assert await reception.stats("shop") == (CardStats("shop", 1, 1, 0, 0),)


async def test_a_verdict_that_is_changed_is_counted_once(
    story: Story, reception: Reception
) -> None:
    names = known_failures(story, 1)
    await judged(story, names, "n")
    (remedy,) = (await Recaller(story).by_fingerprint(names[0])).remedies
    await reception.feedback(remedy.id, "accepted")
    (stats,) = await reception.stats("shop")
    assert (stats.accepted, stats.rejected) == (1, 0)


async def test_below_seventy_of_a_hundred_a_project_goes_quiet_and_says_so_once(
    story: Story, reception: Reception
) -> None:
    names = known_failures(story, 7)
    await judged(story, names[:5], "yyynn")
    (stats,) = await reception.stats("shop")
    assert stats.quiet
    assert stats.sentence.startswith("shop is quiet from now on: 3 of the last 5")
    assert last_words(story) == [stats.sentence]
    assert stats.shown == 5, "the last word is about cards and none of them"
    story.now_ms += HOUR_MS
    story.copy("third").fails(failure(names[5]))
    assert len(story.cards()) == 6
    (remedy,) = (await Recaller(story).by_fingerprint(names[6])).remedies
    await reception.feedback(remedy.id, "rejected")
    assert len(last_words(story)) == 1


async def test_seventy_of_a_hundred_are_enough(story: Story, reception: Reception) -> None:
    names = known_failures(story, 10)
    await judged(story, names, "yyyyyyynnn")
    (stats,) = await reception.stats("shop")
    assert (stats.quiet, stats.sentence) == (False, "")


async def test_fewer_than_five_judged_say_nothing(story: Story, reception: Reception) -> None:
    names = known_failures(story, JUDGED_MIN - 1)
    await judged(story, names, "n" * (JUDGED_MIN - 1))
    assert not (await reception.stats("shop"))[0].quiet


async def test_only_the_last_twenty_that_were_judged_count(
    story: Story, reception: Reception
) -> None:
    names = known_failures(story, 26)
    await judged(story, names, "yyyyyyyyyyyyyyyyyynnnnnnyy")
    assert not (await reception.stats("shop"))[0].quiet, "14 of the last 20 are just enough"
    copy = story.copy("third")
    fail_and_fix(copy, "one more")
    story.now_ms += HOUR_MS
    story.copy("second of shop").fails(failure("one more"))
    (remedy,) = (await Recaller(story).by_fingerprint("one more")).remedies
    await reception.feedback(remedy.id, "rejected")
    assert (await reception.stats("shop"))[0].quiet


async def test_a_project_is_quiet_alone(story: Story, reception: Reception) -> None:
    names = known_failures(story, 5)
    await judged(story, names, "nnnnn")
    (bread,) = known_failures(story, 1, "bakery")
    before = len(story.cards())
    story.copy("else", "bakery").fails(failure(bread))
    assert len(story.cards()) == before + 1
    assert [s.quiet for s in await reception.stats("")] == [False, True]


async def test_the_owner_wakes_a_project_and_what_was_judged_before_counts_no_more(
    story: Story, reception: Reception
) -> None:
    names = known_failures(story, 6)
    await judged(story, names[:5], "nnnnn")
    await reception.quiet("shop", quiet=False)
    assert not (await reception.stats("shop"))[0].quiet
    story.copy("third").fails(failure(names[5]))
    assert story.cards()[-1][0] == "same"


async def test_the_owners_word_keeps_a_project_quiet(story: Story, reception: Reception) -> None:
    (name,) = known_failures(story, 1)
    await reception.quiet("shop", quiet=True)
    story.copy("third").fails(failure(name))
    assert story.cards() == []
    (stats,) = await reception.stats("")
    assert (stats.quiet, stats.sentence) == (True, "quiet by your word")


async def test_what_is_joined_is_quiet_together(story: Story, reception: Reception) -> None:
    names = known_failures(story, 5)
    await judged(story, names, "nnnnn")
    (bread,) = known_failures(story, 1, "bakery")
    aliases.apply(story.db, Note("join", {"project": "id-bakery", "into": "id-shop"}))
    before = len(story.cards())
    story.copy("else", "bakery").fails(failure(bread))
    assert len(story.cards()) == before
    (stats,) = await reception.stats("bakery")
    assert (stats.project, stats.quiet, stats.rejected) == ("shop", True, 5)


async def test_a_symptom_that_was_put_off_gets_no_card_until_then(
    story: Story, reception: Reception
) -> None:
    fail_and_fix(story.copy())
    story.copy("second").fails(failure())
    await reception.snooze(newest_card(story), story.now_ms + 3 * HOUR_MS)
    story.now_ms += 2 * HOUR_MS
    story.copy("third").fails(failure())
    assert len(story.cards()) == 1
    story.now_ms += 2 * HOUR_MS
    story.copy("fourth").fails(failure())
    assert len(story.cards()) == 2


async def test_what_was_put_off_here_is_shown_elsewhere(story: Story, reception: Reception) -> None:
    fail_and_fix(story.copy())
    story.copy("second").fails(failure())
    await reception.snooze(newest_card(story), story.now_ms + 3 * HOUR_MS)
    story.copy("else", "bakery").fails(failure())
    assert len(story.cards()) == 2


async def test_what_is_not_there_is_missing_with_a_hint(story: Story, reception: Reception) -> None:
    for asked in (
        reception.snooze("no card", 1),
        reception.feedback("no remedy", "accepted"),
        reception.quiet("no project", quiet=True),
        reception.stats("no project"),
    ):
        with pytest.raises(Missing) as refused:
            await asked
        assert refused.value.hint
    assert story.records == []


async def test_two_projects_of_one_name_are_not_meant_together(
    story: Story, reception: Reception
) -> None:
    story.copy("one", "shop").fails(failure())
    story.db.execute("INSERT INTO projects VALUES('another', 'shop')")
    with pytest.raises(Conflict, match="2 projects are called shop"):
        await reception.quiet("shop", quiet=True)
    await reception.quiet("another", quiet=True)


async def test_a_last_word_comes_as_a_card_that_claims_nothing(
    story: Story, reception: Reception
) -> None:
    names = known_failures(story, 5)
    await judged(story, names, "nnnnn")
    cursor = int(story.db.execute("SELECT max(cursor) FROM cards").get)

    stream = Suggestions(Told(story), Recaller(story)).watch(cursor - 1)
    card = await anext(stream)
    await stream.aclose()
    assert card.recollection.match == "none"
    assert card.recollection.note == card.why
    assert (card.recollection.failure, card.recollection.remedies) == (None, ())
    with pytest.raises(Invalid, match="no symptom"):
        await reception.snooze(card.id, 1)


async def test_what_was_accepted_goes_before_what_is_newer(
    story: Story, reception: Reception
) -> None:
    copy = story.copy()
    for fixed in (FIXED, "def price(item):\n    return 0\n"):
        copy.write("shop/cart.py", BAD)
        copy.fails(failure())
        copy.write("shop/cart.py", fixed)
        copy.passes()
    recaller = Recaller(story)
    newer, older = (await recaller.by_fingerprint("f1")).remedies
    await reception.feedback(older.id, "accepted")
    remedies = (await recaller.by_fingerprint("f1")).remedies
    assert [(r.id, r.accepted) for r in remedies] == [(older.id, True), (newer.id, False)]


async def test_why_this_says_that_it_was_accepted(story: Story) -> None:
    names = known_failures(story, 1)
    await judged(story, names, "y")
    story.now_ms += HOUR_MS
    story.copy("third").fails(failure(names[0]))
    assert story.cards()[-1][1].endswith("; what made it pass was accepted by you")


async def test_a_verdict_of_a_remedy_that_nobody_keeps_is_left_out_of_a_replay(
    story: Story,
) -> None:
    story.accept(Note("feedback", {"remedy_id": "gone", "verdict": "accepted"}))
    story.accept(Note("snooze", {"card": "gone", "project": "p", "fingerprint": "f"}))
    for table in ("verdicts", "receptions", "snoozes"):
        assert story.db.execute(f"SELECT count(*) FROM {table}").get == 0


async def test_a_replay_gives_the_same_words_and_forgetting_takes_them(
    story: Story, reception: Reception
) -> None:
    names = known_failures(story, 6)
    await judged(story, names[:5], "yyyyn")
    story.copy("third").fails(failure(names[5]))
    await reception.snooze(newest_card(story), story.now_ms + HOUR_MS)
    await reception.quiet("shop", quiet=True)
    tables = ("cards", "verdicts", "receptions", "snoozes", "quiet")

    def rows(of: Story) -> list[list[object]]:
        return [sorted(of.db.execute(f"SELECT * FROM {t}").fetchall(), key=repr) for t in tables]

    again = Story()
    for record in story.records:
        again.db.execute(
            "INSERT OR IGNORE INTO projects VALUES(?,?)", (record.project, record.project_name)
        )
        FailureMemory().apply(again.db, record)
    assert rows(again) == rows(story)
    assert all(rows(story))
    lsns = tuple(r.lsn for r in story.records if not isinstance(r.body, Note))
    events = tuple(r.body.id for r in story.records if not isinstance(r.body, Note))
    for note in notes.forget(Oblivious("id", ProjectId("id-shop"), events=events, lsns=lsns)):
        story.accept(note, "shop")
    assert not any(rows(story))

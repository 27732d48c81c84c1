"""A memory of older rules becomes what today's rules would have made of the same days."""

from __future__ import annotations

from dataclasses import replace

import apsw
import pytest

from common.fingerprint import RULES_VERSION, identity
from common.model.failure import Failure
from common.model.ids import Fingerprint
from dragon_node.failures.as_kept import failure_from_text, failure_to_text
from dragon_node.failures.recall import Recaller
from dragon_node.failures.reruling import current, rerule
from tests.support.failures import Story, failure

TABLES = ("occurrences", "episodes", "remedies", "flaky", "cards", "snoozes")


def ruled(headline: str, **more: str) -> Failure:
    """A failure whose identity is made of its words by today's rules."""
    said = failure(**more)
    made = identity(said.tool, said.code, (headline,), said.frames, said.test)
    return replace(
        said,
        fingerprint=made.fingerprint,
        values=made.values,
        normalised=made.normalised,
        headlines=(headline,),
    )


def tables(db: apsw.Connection) -> dict[str, list[object]]:
    return {table: sorted(db.execute(f"SELECT * FROM {table}"), key=repr) for table in TABLES}


def aged(db: apsw.Connection) -> None:
    """As if rules of before had made every identity."""
    for lsn, n, text in db.execute("SELECT lsn, n, failure FROM occurrences").fetchall():
        kept = failure_from_text(str(text))
        old = replace(kept, fingerprint=Fingerprint(f"old {kept.fingerprint}"), rules_version=1)
        db.execute(
            "UPDATE occurrences SET failure=? WHERE lsn=? AND n=?", (failure_to_text(old), lsn, n)
        )
    for table in TABLES:
        db.execute(f"UPDATE {table} SET fingerprint='old ' || fingerprint")
    db.execute("DELETE FROM rules")
    db.execute("INSERT INTO rules VALUES (1)")


@pytest.fixture
def lived(story: Story) -> Story:
    """A fix, its return elsewhere, something flaky, and a symptom that was put off."""
    copy = story.copy()
    copy.commit("start")
    one, flaky = ruled("no 'pear' here"), ruled("timed out", test="tests/test_cart.py::test_slow")
    copy.fails(one)
    copy.write("shop/cart.py", "TABLE = {'pear': 2}\n")
    copy.passes(one.test)
    copy.fails(flaky)
    copy.passes(flaky.test)
    story.copy("desk").fails(one)
    story.db.execute("INSERT INTO snoozes VALUES ('id-shop',?,9,'card',9)", (str(one.fingerprint),))
    assert all(len(rows) > 0 for rows in tables(story.db).values())
    return story


def test_every_table_gets_the_identities_of_todays_rules(lived: Story) -> None:
    before = tables(lived.db)
    aged(lived.db)
    assert tables(lived.db) != before
    lived.failures.opened(lived.db)
    assert tables(lived.db) == before


async def test_what_fixed_it_is_found_again_under_new_rules(
    lived: Story, recaller: Recaller
) -> None:
    aged(lived.db)
    wanted = ruled("no 'pear' here").fingerprint
    assert (await recaller.by_fingerprint(wanted)).remedies == ()
    rerule(lived.db)
    assert (await recaller.by_fingerprint(wanted)).remedies != ()


def test_a_memory_of_todays_rules_is_left_alone(lived: Story) -> None:
    """Also the control case: the second opening finds the note of the first."""
    aged(lived.db)
    assert rerule(lived.db) > 0
    assert rerule(lived.db) == 0


def test_two_symptoms_that_were_one_are_both_flaky_and_both_put_off(lived: Story) -> None:
    """Less is claimed and less is shown: neither may be wrong."""
    other = ruled("no connection to the shop", test="tests/test_cart.py::test_other")
    lived.copy("third").fails(other)
    aged(lived.db)
    one = ruled("no 'pear' here").fingerprint
    for table in TABLES:
        lived.db.execute(f"UPDATE {table} SET fingerprint='old'")
    rows = lived.db.execute("SELECT lsn, n, failure FROM occurrences").fetchall()
    for lsn, n, text in rows:
        merged = replace(failure_from_text(str(text)), fingerprint=Fingerprint("old"))
        where = "UPDATE occurrences SET failure=? WHERE lsn=? AND n=?"
        lived.db.execute(where, (failure_to_text(merged), lsn, n))
    rerule(lived.db)
    for table in ("flaky", "snoozes"):
        said = {str(row[0]) for row in lived.db.execute(f"SELECT fingerprint FROM {table}")}
        assert {one, other.fingerprint} <= said
        assert "old" not in said


def test_a_failure_of_older_rules_is_made_current_when_it_arrives(story: Story) -> None:
    today = ruled("no 'pear' here")
    old = replace(today, fingerprint=Fingerprint("old"), values="old", rules_version=1)
    story.copy().fails(old)
    ((fingerprint, values),) = story.db.execute('SELECT fingerprint, "values" FROM occurrences')
    assert (fingerprint, values) == (today.fingerprint, today.values)


def test_a_failure_from_before_headlines_goes_by_its_normalised_words() -> None:
    today = ruled("no 'pear' here at 10:11:12")
    old = replace(today, fingerprint=Fingerprint("old"), headlines=(), rules_version=1)
    made = current(old)
    assert (made.fingerprint, made.values) == (today.fingerprint, old.values)
    assert made.rules_version == RULES_VERSION


def test_words_without_an_identity_get_none() -> None:
    pasted = replace(ruled("no 'pear' here"), fingerprint=Fingerprint(""), rules_version=1)
    assert current(pasted) == pasted


def test_a_test_and_a_program_stand_in_the_identities_that_are_made_again(story: Story) -> None:
    """What the laptop made with them is what the Dragon makes of them."""
    copy = story.copy()
    tested, plain = of_words("shop src/lib.rs::adds"), of_words("", command="./a.sh")
    copy.fails(tested, command="cargo test")
    copy.fails(plain, command="./a.sh")
    before = tables(story.db)
    aged(story.db)
    rerule(story.db)
    assert tables(story.db) == before
    assert current(replace(tested, rules_version=1)) == tested
    assert current(replace(plain, rules_version=1), "./a.sh") == plain
    assert current(replace(plain, rules_version=1), "./b.sh") != plain


def of_words(test: str, command: str = "") -> Failure:
    """Without any frame."""
    said = replace(failure(test=test), frames=())
    made = identity(said.tool, said.code, ("cannot connect",), (), test, command)
    return replace(
        said,
        fingerprint=made.fingerprint,
        values=made.values,
        normalised=made.normalised,
        headlines=("cannot connect",),
    )

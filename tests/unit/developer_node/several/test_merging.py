"""One answer of several Dragons holds what each of them said, and says who did not."""

from __future__ import annotations

from common.model.answer import Freshness, Hit, ProjectFreshness
from common.model.event import CommandFinished, Event
from common.model.failure import Failure, Occurrence, Recollection, Remedy
from common.model.ids import EventId, Fingerprint, ProjectId, WorkingCopyId
from common.model.lake import (
    HistoryEntry,
    HistoryPage,
    LakeStats,
    ProjectStats,
    SearchQuery,
    SearchResult,
    StoreStats,
)
from developer_node.several import merging
from developer_node.several.paging import Pages


def hit(path: str, line: int = 1, score: float = 0.0) -> Hit:
    return Hit("p", "/c", path, line, line, score=score)


def found(*paths: str, complete: bool = True) -> SearchResult:
    fresh = Freshness((ProjectFreshness(paths[0], "/c"),), 1, 0.5)
    return SearchResult(tuple(hit(path) for path in paths), complete, fresh)


def test_the_best_of_each_come_first_because_scores_cannot_be_compared() -> None:
    one, other = found("a1", "a2", "a3"), found("b1")
    merged = merging.searched(SearchQuery("q", k=3), [one, other], ())
    assert [each.path for each in merged.hits] == ["a1", "b1", "a2"]
    assert merged.complete
    assert merged.freshness.events_behind == 2


def test_exact_hits_are_in_path_and_line_order_and_a_cut_is_told() -> None:
    one, other = found("a", "d"), found("b")
    query = SearchQuery("q", mode="literal", k=10)
    merged = merging.searched(query, [one, other], ())
    assert [each.path for each in merged.hits] == ["a", "b", "d"] and merged.complete
    assert not merging.searched(SearchQuery("q", mode="literal", k=2), [one, other], ()).complete


def test_an_answer_without_one_of_them_is_partial_and_names_it() -> None:
    merged = merging.searched(SearchQuery("q"), [found("a")], ("Dragon b is away",))
    assert not merged.complete
    assert merged.freshness.not_asked == ("Dragon b is away",)


def recollection(match: str, event: str, at_ms: int, remedy: str, of: str = "f") -> Recollection:
    failure = Failure("pytest", "E", "test", "m", "m", fingerprint=Fingerprint(of))
    occurrence = Occurrence(EventId(event), at_ms, "p", "/c", "", "pytest", "m")
    return Recollection(
        match,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        failure,
        (occurrence,),
        (Remedy(remedy, "observed", "code"),),
    )


def test_what_two_dragons_know_of_one_failure_is_put_together() -> None:
    merged = merging.recalled(
        [recollection("same", "e1", 5, "r1"), recollection("same", "e2", 9, "r2")], ()
    )
    assert [each.event_id for each in merged.occurrences] == ["e2", "e1"]
    assert {each.id for each in merged.remedies} == {"r1", "r2"}


def test_another_failure_lends_nothing_to_the_closest_match() -> None:
    close = recollection("same", "e1", 5, "r1")
    far = recollection("similar", "e2", 9, "r2", of="g")
    merged = merging.recalled([far, close], ())
    assert [each.id for each in merged.remedies] == ["r1"]
    assert merging.newest([close, far]) is far


def test_sizes_are_added_and_every_project_is_listed() -> None:
    def stats(name: str, size: int) -> LakeStats:
        return LakeStats(
            *(size, 10, True, "tmpfs", f"/{name}", 1, size),
            events=size,
            stores=(StoreStats("words", size),),
            kept=(ProjectStats(ProjectId(name), name, "awake"),),
        )

    whole = merging.counted([("m/a", stats("a", 1)), ("m/b", stats("b", 2))], ())
    assert (whole.bytes, whole.budget_bytes, whole.events, whole.projects) == (3, 20, 3, 2)
    assert whole.stores == (StoreStats("words", 3),)
    assert [each.name for each in whole.kept] == ["a", "b"]


def entry(cursor: int, at_ms: int) -> HistoryEntry:
    body = CommandFinished("x", "/c", (0,), 1)
    return HistoryEntry(cursor, Event(EventId(f"e{at_ms}"), at_ms, WorkingCopyId("w"), body), "p")


def test_pages_of_several_dragons_follow_each_other_without_a_gap_or_a_repetition() -> None:
    """Both have events that arrived late: their own order is kept, whatever the times say."""
    lakes = {
        "a": [entry(c, t) for c, t in ((9, 90), (7, 20), (5, 70), (3, 10))],
        "b": [entry(c, t) for c, t in ((8, 80), (6, 60), (2, 85))],
    }
    pages, seen, before = Pages(), [], 0
    while True:
        at = pages.cursors(before)
        asked = [
            (who, HistoryPage(tuple(e for e in all_ if e.cursor < at.get(who, 99))[:2]))
            for who, all_ in lakes.items()
        ]
        page = pages.merge(asked, at, 2, like=False)
        if not page:
            break
        seen += [each.event.at_ms for each in page]
        before = page[-1].cursor
    assert seen[:2] == [90, 80]
    assert sorted(seen) == sorted(e.event.at_ms for all_ in lakes.values() for e in all_)
    assert [t for t in seen if t in (90, 20, 70, 10)] == [90, 20, 70, 10]


def test_while_a_project_moves_what_both_dragons_have_is_shown_once() -> None:
    pages = Pages()
    found = [("a", HistoryPage((entry(9, 90), entry(8, 80)))), ("b", HistoryPage((entry(4, 90),)))]
    assert [e.event.at_ms for e in pages.merge(found, {}, 10, like=False)] == [90, 80]
    there = hit("a.py")
    query = SearchQuery("x", mode="literal")
    both = merging.searched(query, [SearchResult((there,)), SearchResult((there,))], ())
    assert both.hits == (there,) and both.complete

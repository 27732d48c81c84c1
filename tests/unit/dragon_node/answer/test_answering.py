"""Passages first, then words, then an end whose citations open; and silence that says why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import OverLimit, PostDevAIError, Unavailable
from common.model.answer import (
    AskEnd,
    AskPart,
    AskPassages,
    AskRequest,
    AskText,
    AskTurn,
    Freshness,
    Hit,
    ProjectFreshness,
)
from common.model.llm import Generated, GenerationRequest
from dragon_node.answer.answering import CITED_WITHOUT_NAMING, Answering, is_looping, supports
from dragon_node.answer.fusion import Fused
from dragon_node.answer.prompt import build_prompt
from dragon_node.answer.retrieval import Passage, Retrieval
from dragon_node.inference.catalog.entries import Directory, Entry
from dragon_node.inference.models import Speaker
from dragon_node.lake.records import ChunkRef
from tests.support.embedders import FlatEmbedder
from tests.support.passages import FRESH, PROJECT, FewPassages, passage, scored

HITS = {n: passage(n, f"def journal{n}(): return sync({n})") for n in range(1, 9)}
WEIGHTS = Directory(Path("/models"))
SMALL = Entry("small", "fast", WEIGHTS, 135_000_000, prompt_tokens=900)
LARGE = Entry("large", "reasoning", WEIGHTS, 30_000_000_000, prompt_tokens=8_000)
CLONES = Freshness(
    tuple(
        ProjectFreshness("thing", f"/home/ada/{place}", files_behind=behind)
        for place, behind in (("a", 0), ("b", 3), ("c", -1))
    ),
    vectors_share=1.0,
)
QUESTION = AskRequest("how does that part of the code do its thing with disks")


class Scripted:
    """A model that says what it is told to, in the pieces it is told to."""

    def __init__(self, *pieces: str, entry: Entry = SMALL) -> None:
        self.pieces = pieces
        self.entry = entry
        self.prompts: list[GenerationRequest] = []
        self.refusal: Unavailable | None = None
        self.trouble: PostDevAIError | None = None
        """Raised instead of the first word."""
        self.instead = ""
        self.cancelled = False
        self.wanted: list[tuple[str, bool]] = []
        self.asked = asyncio.Event()
        self.hold = asyncio.Event()
        self.hold.set()

    async def speaker(self, wanted: str = "", *, prepare: bool = True) -> Speaker:
        self.wanted.append((wanted, prepare))
        if self.refusal is not None:
            raise self.refusal
        return Speaker(self.entry, lambda text: len(text) // 4, self.entry.prompt_tokens)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Generated]:
        self.prompts.append(request)
        self.asked.set()
        if self.trouble is not None:
            raise self.trouble
        try:
            for number, piece in enumerate(self.pieces):
                yield Generated(piece, instead="" if number else self.instead)
                await self.hold.wait()
            yield Generated("", "stop", 50, len(self.pieces))
        except (GeneratorExit, asyncio.CancelledError):
            self.cancelled = True
            raise


def lake(cosine: float = 0.8) -> FewPassages:
    return FewPassages(hits=HITS, vectors=scored(**{f"c{n}": cosine - n / 1_000 for n in HITS}))


async def parts(
    model: Scripted, source: FewPassages | None = None, request: AskRequest = QUESTION
) -> list[AskPart]:
    answering = Answering(Retrieval(source or lake(), FlatEmbedder()), model)
    return [part async for part in answering.ask(request)]


def split(answer: Sequence[AskPart]) -> tuple[AskPassages, str, AskEnd]:
    first, *middle, last = answer
    assert isinstance(first, AskPassages)
    assert isinstance(last, AskEnd)
    text = "".join(part.text for part in middle if isinstance(part, AskText))
    assert text == last.answer
    return first, text, last


def places(hits: Sequence[Hit]) -> list[str]:
    return [hit.path for hit in hits]


async def test_passages_come_before_the_model_is_asked():
    model = Scripted("words")
    asking = Answering(Retrieval(lake(), FlatEmbedder()), model).ask(QUESTION)
    first = await anext(asking)
    assert isinstance(first, AskPassages)
    assert places(first.passages) == [HITS[n].path for n in range(1, 7)]
    assert first.freshness == FRESH
    assert model.prompts == []
    await asking.aclose()


async def test_citations_are_the_passages_that_the_answer_names_in_its_order():
    first, text, end = split(await parts(Scripted("It syncs [2", "]. And [", "1] too.")))
    assert text == "It syncs [2]. And [1] too."
    assert end.citations == (first.passages[1], first.passages[0])
    assert (end.finish, end.prompt_tokens, end.completion_tokens) == ("stop", 50, 3)


async def test_a_marker_that_names_no_passage_is_never_shown():
    answer = await parts(Scripted("It syncs [", "9", "9] and [1]."))
    _, text, end = split(answer)
    assert text == "It syncs and [1]."
    assert len(end.citations) == 1
    assert not any("9" in part.text for part in answer if isinstance(part, AskText))


async def test_a_passage_that_did_not_fit_into_the_prompt_cannot_be_cited():
    tight = replace(SMALL, prompt_tokens=140)
    model = Scripted("[1] [2] [3] [4] [5] [6]", entry=tight)
    first, text, end = split(await parts(model))
    assert len(first.passages) == 6
    used = text.count("[")
    assert 1 <= used < 6
    assert end.citations == first.passages[:used]


async def test_an_answer_that_names_nothing_ends_with_lines_to_open_and_says_so():
    first, _, end = split(await parts(Scripted("It just works.")))
    assert places(end.citations) == places(first.passages[:CITED_WITHOUT_NAMING])
    assert all(hit.why[0] == "the answer names no passage" for hit in end.citations)


async def test_nothing_close_enough_is_not_found_and_the_model_is_not_asked():
    model = Scripted("I made this up.")
    first, text, end = split_without_text(await parts(model, lake(cosine=0.5)))
    assert first.passages == ()
    assert "close enough" in first.without_model
    assert end.answer.startswith("not found in thing")
    assert (end.finish, end.citations) == ("none", ())
    assert text == ""
    assert model.prompts == []
    assert first.freshness == FRESH


async def test_words_alone_are_enough_where_there_are_no_vectors():
    source = FewPassages(hits=HITS, words=scored(c1=9.0))
    found = await parts(Scripted("[1]"), source, AskRequest("how is journal1 synced to disk"))
    assert len(split(found)[0].passages) == 1
    other = await parts(Scripted("[1]"), source, AskRequest("how is bread baked in ovens"))
    assert isinstance(other[0], AskPassages)
    assert other[0].passages == ()


@pytest.mark.parametrize(
    ("freshness", "says"),
    [
        (Freshness(), "nothing is indexed yet"),
        (Freshness((ProjectFreshness("thing", "/c", files_behind=-1),)), "first scan still runs"),
        (Freshness((ProjectFreshness("thing", "/c", files_behind=3),)), "3 files are not indexed"),
        (Freshness((ProjectFreshness("thing", "/c"),), 0, 0.25), "25 % of it"),
        (Freshness((ProjectFreshness("thing", "/c"),), 0, 1.0), "comes close"),
        (replace(FRESH, asleep=("other",)), "asleep and not asked: other"),
        (replace(FRESH, words_behind=7), "words lack 7 records"),
        (replace(FRESH, not_asked=("failures: torn",)), "could not be asked: failures: torn"),
        (CLONES, "3 files of thing (/home/ada/b) are not indexed yet"),
        (CLONES, "the first scan of thing (/home/ada/c) still runs"),
    ],
)
async def test_not_found_says_how_much_was_looked_at(freshness: Freshness, says: str):
    source = FewPassages(fresh=freshness)
    (_, end) = await parts(Scripted(), source)
    assert isinstance(end, AskEnd)
    assert end.answer.startswith("not found in")
    assert says in end.answer


async def test_two_clones_of_a_project_are_told_apart_by_their_paths():
    (_, end) = await parts(Scripted(), FewPassages(fresh=CLONES))
    assert isinstance(end, AskEnd)
    places = "thing (/home/ada/a), thing (/home/ada/b), thing (/home/ada/c)"
    assert end.answer.startswith(f"not found in {places}")


async def test_where_meaning_could_not_be_asked_nothing_claims_that_there_is_nothing():
    """Nothing comes close is what one may say only after having looked."""
    embedder = FlatEmbedder(Unavailable("the model is 40 % here"))
    asking = Answering(Retrieval(FewPassages(), embedder), Scripted()).ask(QUESTION)
    first, end = [part async for part in asking]
    assert isinstance(first, AskPassages)
    assert isinstance(end, AskEnd)
    assert first.freshness.not_asked == ("meaning: the model is 40 % here",)
    assert "could not be asked: meaning: the model is 40 % here" in end.answer
    assert "comes close" not in end.answer


async def test_what_happened_is_told_to_the_model_with_its_day():
    event = Hit("thing", "", "", 0, 0, kind="event", text="git push", at_ms=86_400_000)
    built = build_prompt("when", [event], 900, lambda text: len(text) // 4)
    assert "[1] event of 1970-01-02\ngit push" in built.messages[1].content


async def test_a_project_that_was_named_is_named_in_not_found():
    (_, end) = await parts(Scripted(), FewPassages(), AskRequest("why", project="other"))
    assert isinstance(end, AskEnd)
    assert end.answer.startswith("not found in other")


async def test_without_a_model_the_passages_still_come_and_say_how_much_of_it_is_there():
    model = Scripted()
    model.refusal = Unavailable("model 40 %: small is arriving", hint="wait for it to arrive")
    first, end = await parts(model)
    assert isinstance(first, AskPassages)
    assert isinstance(end, AskEnd)
    assert len(first.passages) == 6
    assert first.without_model == "model 40 %: small is arriving; wait for it to arrive"
    assert (first.model, first.demonstration) == ("", False)
    assert (end.answer, end.finish) == ("", "none")
    assert end.citations[0].why[0] == "no model spoke"


@pytest.mark.parametrize(("entry", "demonstration"), [(SMALL, True), (LARGE, False)])
async def test_a_small_model_is_named_as_a_demonstration(entry: Entry, demonstration: bool):
    first, _, _ = split(await parts(Scripted("Yes [1].", entry=entry)))
    assert (first.model, first.demonstration) == (entry.name, demonstration)


async def test_the_prompt_holds_the_question_and_the_callers_limit():
    model = Scripted("Yes [1].")
    await parts(model, request=AskRequest(QUESTION.question, max_tokens=33))
    (prompt,) = model.prompts
    assert (prompt.model, prompt.max_tokens) == ("small", 33)
    assert QUESTION.question in prompt.messages[-1].content
    assert HITS[1].text in prompt.messages[-1].content


async def test_a_model_that_says_one_thing_for_ever_is_cut_short_and_freed():
    model = Scripted("It syncs [1].\n", *["The journal is loaded.\n"] * 500)
    _, text, end = split(await parts(model))
    assert text.count("The journal is loaded.") == 3
    assert end.finish == "length"
    assert end.prompt_tokens > 100
    assert end.completion_tokens > 10
    assert model.cancelled


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("a sentence of its own. " * 3, True),
        ("A beginning. " + "a sentence of its own. " * 3, True),
        ("a sentence of its own. " * 2, False),
        ("--------" * 50, False),
        ("It syncs, then it acknowledges, then it returns to the caller.", False),
        ("", False),
    ],
)
def test_a_loop_is_the_same_thing_three_times_at_the_end(text: str, loops: bool):
    assert is_looping(text) is loops


@pytest.mark.parametrize(
    ("cosine", "words", "question", "about"),
    [
        (0.71, (), "how are errors raised", True),
        (0.69, ("scheduler",), "how does the kubernetes scheduler place pods", False),
        (0.65, ("lease",), "which lease ends", True),
        (0.60, ("lease",), "which lease ends in time", False),
        (None, ("journal", "synced"), "how is the journal synced to disk", True),
        (None, ("journal",), "how is the journal synced to disk", False),
    ],
)
def test_a_passage_is_about_a_question_by_meaning_by_words_or_by_both(
    cosine: float | None, words: tuple[str, ...], question: str, about: bool
):
    evidence = Fused(ChunkRef(PROJECT, 1), 0.0, cosine)
    assert supports(Passage(HITS[1], evidence, words), question) is about


@pytest.mark.parametrize(("symbol", "substring"), [(True, False), (False, True)])
def test_a_name_or_text_that_the_question_spells_is_enough(symbol: bool, substring: bool):
    evidence = Fused(ChunkRef(PROJECT, 1), 0.0, None, None, symbol, substring)
    assert supports(Passage(HITS[1], evidence, ()), "where is open_node called from")


async def test_closing_the_answer_cancels_the_model():
    model = Scripted("one ", "two ", "three ")
    asking = Answering(Retrieval(lake(), FlatEmbedder()), model).ask(QUESTION)
    await anext(asking)
    await anext(asking)
    await asking.aclose()
    assert model.cancelled


async def test_cancelling_the_reader_cancels_the_model():
    model = Scripted("one ", "two ")
    model.hold.clear()
    reader = asyncio.create_task(parts(model))
    await model.asked.wait()
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    assert model.cancelled


def split_without_text(answer: Sequence[AskPart]) -> tuple[AskPassages, str, AskEnd]:
    first, last = answer
    assert isinstance(first, AskPassages)
    assert isinstance(last, AskEnd)
    return first, "", last


async def test_another_model_than_the_one_named_first_is_said_at_the_end():
    model = Scripted("It syncs [1].", entry=LARGE)
    model.instead = "large does not fit: small answers"
    assert split(await parts(model))[2].note == "large does not fit: small answers"


async def test_a_model_that_is_refused_memory_leaves_the_passages_as_the_answer():
    model = Scripted(entry=LARGE)
    model.trouble = OverLimit("80 GB do not fit into 16 GB", hint="unpin coder")
    first, text, end = split(await parts(model))
    assert (text, end.finish) == ("", "none")
    assert end.note == "80 GB do not fit into 16 GB; unpin coder"
    assert end.citations == tuple(
        replace(h, why=("the answer names no passage", *h.why)) for h in first.passages[:3]
    )


async def test_the_model_that_was_asked_for_is_the_one_that_is_looked_for():
    model = Scripted("Yes [1].")
    await parts(model, request=replace(QUESTION, model="large"))
    await parts(model)
    assert model.wanted == [("large", True), ("", True)]


async def test_a_preview_has_passages_prompt_and_tokens_and_no_model_speaks_or_loads():
    model = Scripted("I should not speak.")
    first, end = await parts(model, request=replace(QUESTION, preview=True, note="We use tabs."))
    assert isinstance(first, AskPassages)
    assert isinstance(end, AskEnd)
    assert len(first.passages) == 6
    assert first.model == "small"
    assert QUESTION.question in first.prompt
    assert "We use tabs." in first.prompt
    assert end.prompt_tokens > 0
    assert end.answer == ""
    assert model.prompts == []
    assert model.wanted == [("", False)]


async def test_only_a_preview_carries_the_prompt():
    assert split(await parts(Scripted("Yes [1].")))[0].prompt == ""


async def test_what_was_said_before_goes_into_the_prompt():
    model = Scripted("Yes [1].")
    before = (AskTurn("what is a journal", "A file [1]."),)
    await parts(model, request=replace(QUESTION, before=before))
    (prompt,) = model.prompts
    said = [m.content for m in prompt.messages[1:3]]
    assert said == ["what is a journal", "A file."]


async def test_a_short_follow_up_is_looked_for_with_what_was_asked_before():
    source = FewPassages(hits=HITS, words=scored(c1=9.0))
    before = (AskTurn("how is journal1 synced to disk", "With sync [1]."),)
    follow_up = AskRequest("and why is that?", before=before)
    assert len(split(await parts(Scripted("[1]"), source, follow_up))[0].passages) == 1
    alone = await parts(Scripted("[1]"), source, replace(follow_up, before=()))
    assert isinstance(alone[0], AskPassages)
    assert alone[0].passages == ()


async def test_nothing_is_taken_from_what_is_excluded():
    request = replace(QUESTION, excluded=("thing/file1.py", HITS[2].path))
    first, _, end = split(await parts(Scripted("[1] [2] [3]"), request=request))
    assert places(first.passages) == [HITS[n].path for n in range(3, 9)]
    assert not {"thing/file1.py", "thing/file2.py"} & set(places(end.citations))


async def test_where_all_is_excluded_the_answer_says_so_and_no_model_is_asked():
    model = Scripted("I made this up.")
    first, _, end = split_without_text(
        await parts(model, request=replace(QUESTION, excluded=("thing/",)))
    )
    assert first.passages == ()
    assert "outside of what you excluded" in end.answer
    assert model.prompts == []

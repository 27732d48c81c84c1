"""A filtered list is the unfiltered one filtered by hand: never fewer than there are."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import Invalid, Missing
from common.model.answer import Hit
from common.model.lake import SearchQuery
from dragon_node.lake.lake import Lake
from dragon_node.lake.records import ChunkRef, Scored
from dragon_node.lake.scope import Scope, glob_regex
from tests.support.lake import OTHER_COPY, Laptop, contents, event, opened, saved, seen

EVERYTHING = 1_000
NAMES = ("alpha", "beta", "gamma")

FILES = st.dictionaries(
    st.builds(
        "{}/{}.{}".format,
        st.sampled_from(["src", "src/deep", "tests"]),
        st.sampled_from("abcdef"),
        st.sampled_from(["py", "go", "txt"]),
    ),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=5),
    min_size=1,
    max_size=10,
)
SCOPES = st.builds(
    Scope,
    path=st.sampled_from(["", "src/**", "*.py", "tests/", "src/*.go", "nowhere/**"]),
    language=st.sampled_from(["", "python", "go"]),
    since_ms=st.sampled_from([0, 2_000]),
    until_ms=st.sampled_from([0, 2_000]),
)


def text_of(names: list[str], path: str) -> str:
    """A file that defines these names, each so often."""
    if path.endswith(".go"):
        return "package p\n" + "".join(
            f"func {n}{i}() int {{ return {i} }}\n" for i, n in enumerate(names)
        )
    return "".join(f"def {n}():\n    return '{n} {i}'\n\n\n" for i, n in enumerate(names))


@asynccontextmanager
async def filled(files: dict[str, list[str]]) -> AsyncGenerator[Lake]:
    """A lake with these files, the first half saved at 1,000 and the rest at 3,000."""
    with tempfile.TemporaryDirectory() as directory:
        async with opened(Path(directory)) as lake:
            texts = {path: text_of(names, path) for path, names in files.items()}
            bodies = [
                event(saved(path, text), at_ms=1_000 if 2 * n < len(texts) else 3_000)
                for n, (path, text) in enumerate(texts.items())
            ]
            await Laptop(lake).send(event(seen()), *bodies, blobs=contents(*texts.values()))
            await embed(lake)
            yield lake


async def embed(lake: Lake) -> None:
    """Every chunk gets a direction of its own."""
    while bare := await lake.unembedded("test", 100):
        made = [np.random.default_rng(int(key[:8], 16)).normal(size=8) for key, _ in bare]
        unit = [(v / np.linalg.norm(v)).astype(np.float32) for v in made]
        await lake.put_vectors("test", list(zip((k for k, _ in bare), unit, strict=True)))


async def listed(lake: Lake, kind: str, k: int, scope: Scope) -> list[Scored]:
    """One list of candidates."""
    match kind:
        case "words":
            return await lake.by_words("alpha beta", k, scope=scope)
        case "vectors":
            return await lake.by_vector(np.eye(8, dtype=np.float32)[0], k, scope=scope)
        case "symbols":
            return await lake.by_symbol(["alpha", "gamma"], k, scope=scope)
        case _:
            return await lake.by_substring("return", k, scope=scope)


def inside(hit: Hit, scope: Scope) -> bool:
    """By hand."""
    return (
        (not scope.path or glob_regex(scope.path).fullmatch(hit.path) is not None)
        and (not scope.language or hit.language == scope.language)
        and hit.at_ms >= scope.since_ms
        and (not scope.until_ms or hit.at_ms < scope.until_ms)
    )


@pytest.mark.parametrize("kind", ["words", "vectors", "symbols", "substrings"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files=FILES, scope=SCOPES, k=st.integers(1, 6))
async def test_a_filtered_list_is_the_whole_list_filtered_by_hand(
    kind: str, files: dict[str, list[str]], scope: Scope, k: int
) -> None:
    async with filled(files) as lake:
        whole = await listed(lake, kind, EVERYTHING, Scope())
        hits = dict(
            zip([s.ref for s in whole], await lake.chunks([s.ref for s in whole]), strict=True)
        )
        by_hand = [s for s in whole if inside(hits[s.ref], scope)]
        found = await listed(lake, kind, k, scope)
        assert [round(s.score, 5) for s in found] == [round(s.score, 5) for s in by_hand[:k]]
        assert {s.ref for s in found} <= {s.ref for s in by_hand}


async def test_a_chunk_that_two_working_copies_have_is_one_hit(tmp_path: Path) -> None:
    """Each has another line elsewhere in the file, so the file is there twice."""
    shared = "def alpha():\n" + "    print('a long body')\n" * 80
    ours, theirs = (f"def {name}():\n" + f"    print('{name}')\n" * 80 for name in ("b", "c"))
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": f"{shared}\n\n{ours}"})
        await laptop.save({"a.py": f"{shared}\n\n{theirs}"}, OTHER_COPY)
        await embed(lake)
        for kind in ("words", "symbols", "vectors"):
            found = await lake.chunks([s.ref for s in await listed(lake, kind, 99, Scope())])
            places = [(hit.start_line, hit.text) for hit in found]
            assert "def alpha" in "".join(text for _, text in places)
            assert len(places) == len(set(places))
        for place in ("/home/ada/thing", "/home/ada/clone"):
            scope = Scope(working_copy=place)
            refs = [s.ref for s in await listed(lake, "vectors", 99, scope)]
            hits = await lake.chunks(refs, scope)
            assert {hit.working_copy for hit in hits} == {place}
            assert "def alpha" in "".join(hit.text for hit in hits)


async def test_a_working_copy_that_nobody_has_is_missing_and_not_empty(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await Laptop(lake).save({"a.py": "def alpha():\n    return 1\n"})
        with pytest.raises(Missing):
            await lake.by_words("alpha", 5, scope=Scope(working_copy="/nowhere"))
        with pytest.raises(Missing):
            await lake.literal(SearchQuery("alpha", "literal", working_copy="/nowhere"))


async def test_events_are_not_searched_by_exact_text(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        with pytest.raises(Invalid):
            await lake.literal(SearchQuery("alpha", "literal", kind="event"))


async def test_a_chunk_of_another_project_is_passed_over_when_it_is_gone(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await Laptop(lake).save({"a.py": "def alpha():\n    return 1\n"})
        (found,) = await lake.by_words("alpha", 5)
        gone = ChunkRef(found.ref.project, 99)
        assert len(await lake.chunks([gone, found.ref])) == 1

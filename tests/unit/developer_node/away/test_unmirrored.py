"""An answer that rests on the mirror says of what the mirror is not told."""

from __future__ import annotations

from common.model.answer import AskPassages, AskRequest
from common.model.lake import HistoryQuery, SearchQuery
from tests.unit.developer_node.away.conftest import Stage

SAID = "Dragon bbbbbbbb is not mirrored here"


async def said() -> tuple[str, ...]:
    return (SAID,)


async def test_answers_out_of_the_mirror_say_so_and_no_others(stage: Stage) -> None:
    stage.mirror.as_of_ms = 1
    lake = stage.room.lake
    lake.unmirrored = said
    asked = stage.room.assistant.ask(AskRequest("what is total?"))
    (passages,) = [part async for part in asked if isinstance(part, AskPassages)]
    assert SAID in passages.freshness.not_asked
    assert SAID in (await lake.history(HistoryQuery())).freshness.not_asked
    assert SAID in (await lake.recall(last=True)).freshness.not_asked
    found = await lake.search(SearchQuery("def total", "literal"))  # the files here are whole
    assert SAID not in found.freshness.not_asked

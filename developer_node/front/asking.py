"""An answer as it comes: passages first, then the model's words, then how fresh it all is."""

from __future__ import annotations

from collections.abc import AsyncIterator

from common.errors import PostDevAIError, Unavailable
from common.model.answer import AskEnd, AskPart, AskPassages, AskText
from developer_node.front import output_answer
from developer_node.front.output_json import Json
from developer_node.front.output_json import ask as as_json
from developer_node.front.output_page import Page, Span, line
from developer_node.front.output_words import count

__all__ = ["Json", "as_json", "gather", "show"]

FOLDED_CHARACTERS = 200
"""So much of a demonstration model's prose is shown before it is folded."""

FEW_CHARACTERS = 80
"""To say that so few are folded takes as much room as they do."""


async def gather(parts: AsyncIterator[AskPart]) -> tuple[AskPassages, AskEnd]:
    """The first and the last part; Unavailable when the stream ends before them."""
    passages, end = AskPassages(), None
    async for part in parts:
        match part:
            case AskPassages():
                passages = part
            case AskEnd():
                end = part
            case AskText():
                pass
    return passages, _whole(end)


async def show(
    parts: AsyncIterator[AskPart], *, cwd: str, unfold: bool, page: Page | None = None
) -> tuple[AskPassages, AskEnd]:
    """Prints every part when it comes."""
    page = page or Page()
    passages, end = AskPassages(), None
    prose = _Prose(page, folded=False)
    try:
        async for part in parts:
            match part:
                case AskPassages():
                    passages = part
                    prose = _Prose(page, folded=part.demonstration and not unfold)
                    page.show(*output_answer.passages(part, cwd=cwd), *output_answer.voice(part))
                case AskText():
                    prose.say(part.text)
                case AskEnd():
                    end = part
    except PostDevAIError:
        prose.close()  # what is said of it begins on a line of its own
        raise
    whole = _whole(end)
    if not prose.said and whole.answer:
        prose.say(whole.answer)
    prose.close()
    page.show(*output_answer.after(passages, whole, prose.said))
    return passages, whole


def _whole(end: AskEnd | None) -> AskEnd:
    if end is None:
        raise Unavailable("The answer broke off.", hint="Ask again, or look at: postdevai status")
    return end


class _Prose:
    """The model's words; a demonstration model's are cut short and dim."""

    def __init__(self, page: Page, *, folded: bool) -> None:
        self.said = ""
        self._page = page
        self._folded = folded

    def say(self, text: str) -> None:
        room = FOLDED_CHARACTERS - len(self.said) if self._folded else len(text)
        self.said += text
        if room > 0:
            self._page.stream(Span(text[:room], "dim" if self._folded else ""))

    def close(self) -> None:
        if not self.said:
            return
        hidden = len(self.said) - FOLDED_CHARACTERS
        if self._folded and 0 < hidden <= FEW_CHARACTERS:
            self._page.stream(Span(self.said[FOLDED_CHARACTERS:], "dim"))
        self._page.show(line())
        if self._folded and hidden > FEW_CHARACTERS:
            said = f"… {count(hidden, 'more character')} folded; --prose shows them."
            self._page.show(line(Span(said, "dim")))

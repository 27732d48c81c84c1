"""Every message that travels between the feed, the widgets and the screens."""

from __future__ import annotations

from textual.message import Message

from common.model.event import Event
from common.model.failure import Suggestion
from common.model.lake import HistoryEntry
from common.model.laptop import FeedState, LaptopStatus
from common.model.remedy import ProofTarget
from common.model.task import TaskPage
from developer_node.front.tui.opened import Opening


class Connected(Message):
    """The laptop's daemon answers."""


class ConnectionLost(Message):
    """The laptop's daemon does not answer; the reader tries again by itself."""

    def __init__(self, sentence: str, hint: str) -> None:
        super().__init__()
        self.sentence = sentence
        self.hint = hint


class FeedArrived(Message):
    """What came in since the last repaint."""

    def __init__(
        self, events: tuple[Event, ...], cards: tuple[Suggestion, ...], state: FeedState | None
    ) -> None:
        super().__init__()
        self.events = events
        self.cards = cards
        self.state = state


class FeedMissed(Message):
    """Something went by that cannot be followed any more; said once."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class HistoryArrived(Message):
    """What the Dragon remembers from before."""

    def __init__(self, entries: tuple[HistoryEntry, ...]) -> None:
        super().__init__()
        self.entries = entries


class StatusArrived(Message):
    """Nodes, outbox, lake and models, asked for every few seconds."""

    def __init__(self, status: LaptopStatus) -> None:
        super().__init__()
        self.status = status


class TasksArrived(Message):
    """The backlog, asked for every few seconds; None where it is not known now."""

    def __init__(self, tasks: TaskPage | None) -> None:
        super().__init__()
        self.tasks = tasks


class RowHighlighted(Message):
    """The cursor of a list stands on another row."""

    def __init__(self, source: str, key: str) -> None:
        super().__init__()
        self.source = source
        self.key = key


class RowOpened(Message):
    """Enter, or a click on the row that the cursor is on."""

    def __init__(self, source: str, key: str) -> None:
        super().__init__()
        self.source = source
        self.key = key


class TextWanted(Message):
    """A screen wants a text to be shown whole."""

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self.opening = opening


class QuestionWanted(Message):
    """A screen wants a question to be asked."""

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question


class ViewWanted(Message):
    """A screen wants another view to be opened, at one of its rows if a key is given."""

    def __init__(self, view: str, key: str = "") -> None:
        super().__init__()
        self.view = view
        self.key = key


class ProofWanted(Message):
    """A screen wants a remedy, or a fix of the past, to be tried again; the person is asked."""

    def __init__(self, target: ProofTarget, command: str) -> None:
        super().__init__()
        self.target = target
        self.command = command


class PastWanted(Message):
    """A screen wants to know what was fixed before in a repository."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path


class CopyWanted(Message):
    """A screen wants a text in the clipboard."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__()
        self.text = text
        self.what = what

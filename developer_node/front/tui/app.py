"""The app: opens the views, carries messages to the notebook, and asks once before it leaves."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import termios
from collections.abc import Callable, Iterable
from datetime import tzinfo
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from common.clock import Clock, SystemClock
from common.model.event import ProofFinished
from common.model.laptop import LaptopStatus
from developer_node.front.past_offer import PastOffer, look
from developer_node.front.recording_state import paused_sentence
from developer_node.front.tui import messages, themes
from developer_node.front.tui.card import headline
from developer_node.front.tui.daemon import Connect, Daemon, StopEverything
from developer_node.front.tui.feed_reader import FeedReader
from developer_node.front.tui.kept_state import Kept, KeptState
from developer_node.front.tui.keymaps import KEYMAPS, names_of
from developer_node.front.tui.notebook import Lost, Notebook
from developer_node.front.tui.own_file import OwnFile, read_own_file
from developer_node.front.tui.places import FIRST, NUMBER_OF, PLACES, TITLE_OF
from developer_node.front.tui.plain import plain
from developer_node.front.tui.screens.ask import AskView
from developer_node.front.tui.screens.context import ContextView
from developer_node.front.tui.screens.dashboard import DashboardView
from developer_node.front.tui.screens.failures import FailuresView
from developer_node.front.tui.screens.help import HelpScreen, keys_of, shown_key
from developer_node.front.tui.screens.lake import LakeView
from developer_node.front.tui.screens.leave import LeaveScreen
from developer_node.front.tui.screens.models import ModelsView
from developer_node.front.tui.screens.nodes import NodesView
from developer_node.front.tui.screens.past import PastScreen
from developer_node.front.tui.screens.playground import PlaygroundScreen
from developer_node.front.tui.screens.preview import PreviewScreen
from developer_node.front.tui.screens.prove import ProveScreen
from developer_node.front.tui.screens.text import TextScreen
from developer_node.front.tui.screens.timeline import TimelineView
from developer_node.front.tui.screens.view import Desk, View
from developer_node.front.tui.widgets.row_list import RowList
from developer_node.front.tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from common.daemon.home import Home

VIEWS: tuple[type[View], ...] = (
    DashboardView,
    TimelineView,
    FailuresView,
    AskView,
    LakeView,
    ModelsView,
    ContextView,
    NodesView,
)
"""In the order of their numbers."""

KEEP_S = 5.0
"""At most so much of what was typed is lost when the terminal goes."""


OPENED_MAX = 3
"""So often screens are opened that end though nobody left them."""


class PostDevAIApp(App[None]):
    """Eight views over one notebook. Made by `make_app`."""

    TITLE = "PostDevAI"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                ",".join((place.number, *place.keys)),
                f"view('{place.name}')",
                place.title,
                show=False,
                id=f"view.{place.name}",
            )
            for place in PLACES
        ),
        Binding("f1", "help", "Help", key_display="F1", id="help"),
        Binding("question_mark", "help", "Help", show=False, id="help.more"),
        Binding("q", "leave", "Leave", id="leave"),
        Binding("ctrl+q", "leave", "Leave", show=False, priority=True, id="leave.always"),
        Binding("f10", "leave", "Leave", show=False, id="leave.more"),
        # Textual adds its own only where there is none; this one has a name
        Binding("ctrl+p", "command_palette", "palette", show=False, priority=True, id="palette"),
    ]

    def __init__(
        self,
        connect: Connect,
        stop_everything: StopEverything | None,
        stays_here: bool,
        clock: Clock,
        zone: tzinfo | None,
        repaint_s: float,
        poll_s: float,
        retry_s: float,
        offered: Callable[[], None] | None,
        paused: Callable[[], str],
        start: str,
        kept: KeptState | None,
        own: OwnFile,
    ) -> None:
        super().__init__()
        self.left = False
        """The person left; otherwise an end is none that anybody wanted."""
        self._kept = kept
        before = kept.read() if kept is not None else Kept()
        self._start = start or (before.view if before.view in TITLE_OF else FIRST)
        self._own = own
        self._opened: dict[str, View] = {}
        self._paused = paused
        self._offered = offered
        self._stop_everything = stop_everything
        self._stays_here = stays_here
        self._clock = clock
        self._zone = zone
        self._notebook = Notebook()
        self._reader = FeedReader(
            connect, self.post_message, repaint_s=repaint_s, poll_s=poll_s, retry_s=retry_s
        )
        self._desk = Desk(self._notebook, self._reader, clock, zone, repaint_s, before.typed)
        for view in VIEWS:
            # textual leaves the type of a screen's result open here
            self.add_mode(view.VIEW, partial(self._open, view))  # pyright: ignore[reportUnknownMemberType]
        for theme in (*themes.OWN, *own.themes):
            self.register_theme(theme)
        self.theme = self._known_theme(own.theme, before.theme)
        self._use_keymap(own.keymap if own.keymap != "default" else before.keymap)
        self.ansi_theme_dark = themes.DUSK_TERMINAL
        self.ansi_theme_light = themes.PAPER_TERMINAL

    async def on_mount(self) -> None:
        """The first view, and the feed for as long as the app lives."""
        await self.switch_mode(self._start)
        self.run_worker(self._reader.run(), group="feed", description="follows the daemon")
        self._say_faults()
        if self._kept is not None:
            self.set_interval(KEEP_S, self._keep)

    # What came in

    def on_connected(self) -> None:
        """The daemon answers."""
        self._notebook.lost = None
        self._refresh()

    def on_connection_lost(self, message: messages.ConnectionLost) -> None:
        """A state, not an exception: what is on the screen stays."""
        self._notebook.lost = Lost(message.sentence, message.hint)
        self._notebook.state = None
        self._refresh()

    def on_feed_arrived(self, message: messages.FeedArrived) -> None:
        """Events, cards, and how the mesh stands."""
        self._notebook.add_events(message.events)
        if message.state is not None:
            self._notebook.state = message.state
        new = self._notebook.add_cards(message.cards)
        self._refresh()
        if new and not isinstance(self._view, FailuresView | DashboardView):
            said = plain(headline(new[-1]).plain)
            self.notify(
                f"{said}\n{NUMBER_OF['failures']} shows it",
                title="This failed before",
                timeout=8,
                markup=False,
            )

    def on_feed_missed(self, message: messages.FeedMissed) -> None:
        """What is on the screen stays; that it is not all is said."""
        self.notify(plain(message.sentence), title="The feed", timeout=10, markup=False)

    def on_history_arrived(self, message: messages.HistoryArrived) -> None:
        """What happened before this session."""
        self._notebook.add_history(message.entries)
        self._refresh()

    def on_status_arrived(self, message: messages.StatusArrived) -> None:
        """Nodes, outbox, lake, models."""
        self._notebook.gauges.take(message.status, self._clock.now_ms())
        self._notebook.pulse.take(message.status, self._clock.now_ms())
        paused = self._paused()
        if (message.status, paused) != (self._notebook.status, self._notebook.paused):
            self._notebook.paused = paused
            self._notebook.set_status(message.status)
            self._refresh()
        self._offer_past(message.status)

    def on_tasks_arrived(self, message: messages.TasksArrived) -> None:
        """What is to be done in the mesh."""
        if message.tasks != self._notebook.tasks:
            self._notebook.tasks = message.tasks
            self._refresh()

    # What screens want

    def on_text_wanted(self, message: messages.TextWanted) -> None:
        """A whole text, over the view."""
        self.push_screen(TextScreen(message.opening))

    def on_copy_wanted(self, message: messages.CopyWanted) -> None:
        """To the terminal's clipboard, also over ssh and in tmux (OSC 52)."""
        self.copy_to_clipboard(plain(message.text))
        self.notify(f"Copied {message.what}.", timeout=2, markup=False)

    def on_proof_wanted(self, message: messages.ProofWanted) -> None:
        """Asks first; what comes of it is on the card when one is back there."""
        screen = ProveScreen(self._reader, message.target, message.command)
        self.push_screen(screen, self._proven)

    def on_past_wanted(self, message: messages.PastWanted) -> None:
        """Fixes of the past, over the view."""
        self.push_screen(PastScreen(self._reader, message.path, self._zone, self._notebook.mined))

    async def on_question_wanted(self, message: messages.QuestionWanted) -> None:
        """To the view where one asks, with the question written there."""
        await self.action_view(AskView.VIEW)
        if isinstance(self.screen, AskView):
            self.screen.put(message.question)

    async def on_view_wanted(self, message: messages.ViewWanted) -> None:
        """To the view, and there to the row."""
        await self.action_view(message.view)
        if message.key and isinstance(self.screen, View):
            self.screen.point_at(message.key)

    # Keys

    async def action_view(self, name: str) -> None:
        """Switches the view; what lies over the old one stays there."""
        if isinstance(self.screen, View):
            if name == FailuresView.VIEW:
                self.clear_notifications()  # the card itself says it now
            await self.switch_mode(name)

    async def action_next_view(self, by: int) -> None:
        """Round and round."""
        names = [view.VIEW for view in VIEWS]
        await self.action_view(names[(names.index(self.current_mode) + by) % len(names)])

    def action_help(self) -> None:
        """The keys of the screen that is open."""
        screen = self.screen
        if isinstance(screen, View):
            here = keys_of([*type(screen).BINDINGS, *RowList.BINDINGS])
            title, summary = TITLE_OF[screen.VIEW], screen.SUMMARY
        elif isinstance(screen, ProveScreen | PastScreen):
            here, title, summary = keys_of(type(screen).BINDINGS), "Proof", screen.SUMMARY
        elif isinstance(screen, PlaygroundScreen | PreviewScreen):
            here = keys_of([*type(screen).BINDINGS, *RowList.BINDINGS])
            title, summary = screen.TITLE_SAID, screen.SUMMARY
        elif isinstance(screen, TextScreen):
            here = keys_of([*TextScreen.BINDINGS, *TextPane.BINDINGS])
            title, summary = "Text", screen.SUMMARY
        else:
            return
        always = keys_of([*View.BINDINGS, *PostDevAIApp.BINDINGS])
        always.append(("Ctrl+P", "Command palette: views, themes"))
        self.push_screen(HelpScreen(title, summary, here, always))

    def action_leave(self) -> None:
        """Asks once."""
        if not isinstance(self.screen, LeaveScreen):
            leave = LeaveScreen(self._stop_everything, stays_here=self._stays_here)
            self.push_screen(leave, self._left)

    async def action_quit(self) -> None:
        """The palette's way out asks, too."""
        self.action_leave()

    def action_help_quit(self) -> None:
        """Ctrl+C, with nothing selected to copy."""
        self.action_leave()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers."""
        for view in VIEWS:
            title = f"{TITLE_OF[view.VIEW]} ({NUMBER_OF[view.VIEW]})"
            yield SystemCommand(title, view.SUMMARY, partial(self.action_view, view.VIEW))
        yield SystemCommand("Help (F1)", "The keys of this view", self.action_help)
        yield from self._here(screen)
        yield SystemCommand("Theme", "Other colours", self.action_change_theme)
        for name in KEYMAPS:
            title = f"Keymap: {name}" + (" (in use)" if name == self._keymap_name else "")
            yield SystemCommand(title, "Other keys", partial(self._use_keymap, name))
        yield SystemCommand("Leave (q)", "Keep recording, or stop everything", self.action_leave)

    def _here(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the view can do now, by its keys' names."""
        for active in screen.active_bindings.values():
            binding = active.binding
            if active.enabled and binding.id and isinstance(active.node, View):
                about = binding.tooltip or binding.description
                yield SystemCommand(
                    f"{binding.description} ({shown_key(binding.key)})",
                    about,
                    partial(self.run_action, binding.action, active.node),
                )

    def _proven(self, finished: ProofFinished | None) -> None:
        if finished is not None:
            self._notebook.add_proof(finished, self._clock.now_ms())
            self._refresh()
            if isinstance(self.screen, PastScreen):
                self.screen.draw()

    def _offer_past(self, status: LaptopStatus) -> None:
        """Once in a HOME: what can be proven from the person's own past."""
        if self._offered is None or not status.repositories or self._notebook.cards():
            return
        made, self._offered = self._offered, None
        self.run_worker(self._look_back(status.repositories[0].path, made), group="past")

    async def _look_back(self, path: str, made: Callable[[], None]) -> None:
        found = await look(self._reader.mine(path, 1))
        if found is None:
            return
        made()
        if found.fix is None:
            self.notify(plain(found.sentence), title="Your past", timeout=10, markup=False)
        elif isinstance(self.screen, View):
            self.post_message(messages.PastWanted(path))

    def _left(self, leaving: bool | None) -> None:
        if leaving:
            self._keep()
            self.left = True
            self.exit()

    # What is the person's own

    def _open(self, view: type[View]) -> View:
        made = self._opened[view.VIEW] = view(self._desk)
        return made

    def _known_theme(self, *wanted: str) -> str:
        return next((name for name in wanted if name in self.available_themes), themes.DUSK.name)

    def _use_keymap(self, name: str) -> None:
        self._keymap_name = name if name in KEYMAPS else "default"
        self.set_keymap({**KEYMAPS[self._keymap_name], **self._own.keys})

    def _say_faults(self) -> None:
        known = {name for view in (View, *VIEWS) for name, _ in names_of(view.BINDINGS)}
        known.update(name for name, _ in names_of(self.BINDINGS))
        faults = list(self._own.faults)
        faults += [f"No key is called “{name}”." for name in self._own.keys if name not in known]
        if self._own.theme and self._own.theme not in self.available_themes:
            faults.append(f"There is no theme “{self._own.theme}”.")
        if faults:
            said = "\n".join(plain(fault) for fault in faults[:5])
            self.notify(said, title="tui.toml", severity="warning", timeout=15, markup=False)

    def _keep(self) -> None:
        """For the next start; an unopened view still holds what it was left with."""
        if self._kept is None:
            return
        typed = dict(self._desk.typed)
        typed.update({name: view.typed() for name, view in self._opened.items() if view.whole})
        full = {name: fields for name, fields in typed.items() if fields}
        theme = "" if self._own.theme == self.theme else self.theme
        said = self._kept.write(Kept(self.current_mode, theme, self._keymap_name, full))
        if said:
            self._kept = None
            self.notify(plain(said), severity="warning", markup=False)

    @property
    def _view(self) -> View | None:
        bottom = self.screen_stack[0] if self.screen_stack else None
        return bottom if isinstance(bottom, View) else None

    def _refresh(self) -> None:
        if self._view is not None:
            self._view.refresh_view()


def make_app(
    connect: Connect,
    *,
    stop_everything: StopEverything | None = None,
    stays_here: bool = False,
    clock: Clock | None = None,
    zone: tzinfo | None = None,
    repaint_s: float = 0.25,
    poll_s: float = 2.0,
    retry_s: float = 1.0,
    offered: Callable[[], None] | None = None,
    paused: Callable[[], str] = str,
    start: str = "",
    kept: KeptState | None = None,
    own: OwnFile | None = None,
) -> PostDevAIApp:
    """An app over whatever daemon `connect` reaches; tests pass a scripted one and a set clock.

    `stays_here`: a foreground `up` opened it and keeps the terminal when it is left.
    `offered`: called once something of the past was offered; None when it was offered before.
    `paused`: why no command is recorded now; empty when it is.
    `start`: the name of the view that is open first; empty for the last one, or the Dashboard.
    `kept`: what is there again at the next start; None to keep nothing. `own`: tui.toml.
    """
    clock = clock or SystemClock()
    return PostDevAIApp(
        connect,
        stop_everything,
        stays_here,
        clock,
        zone,
        repaint_s,
        poll_s,
        retry_s,
        offered,
        paused,
        start,
        kept,
        own or OwnFile(),
    )


def forget_what_was_typed() -> None:
    """Keys typed while everything was still starting were meant for no screen."""
    with contextlib.suppress(termios.error):
        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def run_tui(
    home: Home, stop_everything: StopEverything | None = None, *, stays_here: bool = False
) -> int:
    """Runs until the person leaves; the exit code. Reconnects to the daemon of `home` by itself."""
    # Here, so that screens and their tests need no gRPC.
    from common.daemon.keys import sealing_key
    from developer_node.front.local_client import LocalClient

    async def connect() -> Daemon:
        return await LocalClient.connect(home)

    def open_app() -> PostDevAIApp:
        offer = PastOffer(home)
        return make_app(
            connect,
            stop_everything=stop_everything,
            stays_here=stays_here,
            offered=offer.made if offer.due else None,
            paused=partial(paused_sentence, home.root),
            kept=KeptState(
                home.directory("developer") / "tui",
                partial(sealing_key, home.directory("developer")),
            ),
            own=read_own_file(home.root / "tui.toml"),
        )

    forget_what_was_typed()
    return run_until_left(open_app)


def run_until_left(open_app: Callable[[], PostDevAIApp]) -> int:
    """The exit code. Screens that end though nobody left them are opened again, and it is said:
    textual takes a wait that is cancelled within a handler for the end of the app."""
    for _ in range(OPENED_MAX):
        app = open_app()
        app.run()
        if app.left or app.return_code or not sys.stdin.isatty():
            return app.return_code or 0
        sys.stderr.write("The screens ended by themselves and are opened again.\n")
    sys.stderr.write("The screens end by themselves. Without them: postdevai status\n")
    return 1


def run_reader(home: Home) -> int:
    """Plain lines until `quit`, the end of the input, or Ctrl-C; the exit code."""
    from developer_node.front.local_client import LocalClient
    from developer_node.front.tui.reader import Reader, lines_of

    async def connect() -> Daemon:
        return await LocalClient.connect(home)

    reader = Reader(connect, partial(print, flush=True), SystemClock(), None)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(reader.run(lines_of(sys.stdin)))
    return 0

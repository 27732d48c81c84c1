"""How the mesh stands, in one strip and one banner."""

from __future__ import annotations

from common.model.ids import NodeId
from common.model.lake import LakeStats
from common.model.laptop import FeedState, LaptopStatus, OutboxStatus
from common.model.node import Node
from developer_node.front.tui.notebook import Lost, Notebook
from developer_node.front.tui.standing import banner, light, strip

LAKE = LakeStats(13_000_000, 2_000_000_000, True, "tmpfs", "/run/lake", 1, 0)


def notebook(status: LaptopStatus | None = None, state: FeedState | None = None) -> Notebook:
    """With this in it."""
    held = Notebook()
    held.status, held.state = status, state
    return held


def test_before_the_first_word_nothing_is_called_on_or_off() -> None:
    """Unknown is not away."""
    assert light(notebook(), "dragon") == "unknown"
    assert banner(notebook()) is None


def test_the_feeds_word_counts_before_the_next_status() -> None:
    """The status is some seconds old."""
    held = notebook(LaptopStatus(), FeedState(dragon=False, coordinator=True, waiting=2))
    assert light(held, "dragon") == "off" and light(held, "coordinator") == "on"


def test_a_draining_node_is_leaving() -> None:
    """Neither there nor away."""
    node = Node("dragon", NodeId("d"), "x:1", "draining", 3.0)
    assert light(notebook(LaptopStatus(nodes=(node,))), "dragon") == "leaving"


def test_without_the_daemon_nothing_is_said_about_the_others() -> None:
    """Nobody is there to ask."""
    held = notebook(LaptopStatus())
    held.lost = Lost("It does not answer.", "postdevai up")
    assert (light(held, "developer"), light(held, "dragon")) == ("off", "unknown")
    standing = banner(held)
    assert standing is not None and standing.grave and "postdevai up" in standing.rest


def test_refused_records_and_gaps_are_in_the_strip() -> None:
    """They are lost for the Dragon, and nobody would know."""
    status = LaptopStatus(outbox=OutboxStatus(waiting=3, refused=2, gaps=1), lake=LAKE)
    assert "outbox 3  3 refused  RAM 13 MB/2.0 GB" in strip(notebook(status), 80).plain


def test_the_strip_fits_into_eighty_columns_at_its_worst() -> None:
    """Everything is large and nothing is well, but for refusals."""
    lake = LakeStats(412_000_000_000, 448_000_000_000, False, "directory", "/l", 1, 0)
    status = LaptopStatus(outbox=OutboxStatus(waiting=12_345), lake=lake)
    assert strip(notebook(status), 80).cell_length <= 78


def test_a_reason_without_a_full_stop_becomes_a_sentence() -> None:
    """It stands before another one."""
    state = FeedState(dragon=False, coordinator=True, waiting=0, sentence="the Dragon is away")
    standing = banner(notebook(LaptopStatus(), state))
    assert standing is not None and standing.sentence == "The Dragon is away."


def test_without_the_daemon_old_amounts_are_not_shown_as_now() -> None:
    """Stale is not true."""
    held = notebook(LaptopStatus(lake=LAKE, outbox=OutboxStatus(waiting=3)))
    assert "outbox 3" in strip(held, 80).plain
    held.lost = Lost("It does not answer.", "")
    assert "outbox" not in strip(held, 80).plain and "RAM" not in strip(held, 80).plain


def test_a_pause_is_said_above_every_view() -> None:
    """Also where the Dragon is away: then recording does not go on."""
    held = notebook(LaptopStatus(), FeedState(dragon=True, coordinator=True, waiting=0))
    held.paused = "Recording is paused until you type: postdevai resume"
    standing = banner(held)
    assert standing is not None and standing.sentence == f"{held.paused}."
    held.state = FeedState(dragon=False, coordinator=True, waiting=0)
    away = banner(held)
    assert away is not None and held.paused in away.rest and "goes on" not in away.rest


def test_a_laptop_that_was_put_out_is_told_so_above_every_view() -> None:
    """Nobody is away: it comes back with a new code, and not by waiting."""
    why = "node 128a is no longer welcome"
    status = LaptopStatus(put_out=why, dragon_unavailable=why, coordinator_unavailable=why)
    standing = banner(notebook(status, FeedState(False, False, 0, why)))
    assert standing is not None and standing.grave
    assert "put out of its mesh" in standing.sentence and "postdevai join CODE" in standing.rest
    assert "comes back with it" not in standing.rest

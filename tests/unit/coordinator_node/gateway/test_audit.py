"""The audit log: whoever changes, removes, swaps or cuts lines of it is found out."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.clock import SystemClock
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.gateway import audit_chain
from coordinator_node.gateway.audit import FILES_MAX, HEADS, NAME, Audit
from coordinator_node.gateway.audit_chain import Act, Head
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.own_identity import OwnIdentity


class HandClock:
    now = 1_800_000_000_000

    def now_ms(self) -> int:
        self.now += 1
        return self.now

    def monotonic(self) -> float:
        return self.now / 1000


@asynccontextmanager
async def log(root: Path, file_bytes_max: int = 1 << 20) -> AsyncGenerator[Audit]:
    async with open_sqlite(root / "state.db") as engine:
        kv = engine.kv
        yield Audit(root, kv, HandClock(), file_bytes_max)


async def write(audit: Audit, count: int) -> None:
    for i in range(count):
        await audit.append(Act("owner", "invite", f"developer {i}"))


def lines(root: Path) -> list[bytes]:
    return (root / NAME).read_bytes().splitlines(keepends=True)


async def test_what_was_written_is_whole_and_read_back(tmp_path: Path) -> None:
    async with log(tmp_path) as audit:
        assert (await audit.check()).is_whole
        await write(audit, 3)
        await audit.append(
            Act("10.0.0.1", "call", "Resolve", "refused", "why"), Act("owner", "policy")
        )
        found = await audit.check()
        assert (found.lines, found.is_whole, found.reason) == (5, True, "")
        said = await audit.lines()
        assert [each.seq for each in said] == [1, 2, 3, 4, 5]
        assert (said[3].who, said[3].outcome, said[3].reason) == ("10.0.0.1", "refused", "why")
        assert await audit.lines(since_ms=said[3].at_ms) == said[3:]
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


TAMPERED: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int, str]] = {
    "changed": (
        lambda all_: [*all_[:2], all_[2].replace(b"developer 2", b"developer 9"), *all_[3:]],
        3,
        "line 3 of audit.log was changed",
    ),
    "removed": (lambda all_: [*all_[:2], *all_[3:]], 3, "1 before it are missing"),
    "first removed": (lambda all_: all_[1:], 1, "1 before it are missing"),
    "swapped": (
        lambda all_: [all_[0], all_[2], all_[1], *all_[3:]],
        2,
        "1 before it are missing",
    ),
    "repeated": (lambda all_: [*all_[:3], all_[1], *all_[3:]], 4, "stands in another's place"),
    "no line": (lambda all_: [*all_[:3], b"nonsense\n", *all_[3:]], 4, "cannot be read"),
    "cut": (lambda all_: all_[:-2], 0, "the last 2 lines are missing"),
    "emptied": (lambda all_: [], 0, "6 lines were written, and none is there"),
}


@pytest.mark.parametrize("what", TAMPERED)
async def test_the_first_line_that_was_tampered_with_is_named(tmp_path: Path, what: str) -> None:
    change, place, why = TAMPERED[what]
    async with log(tmp_path) as audit:
        await write(audit, 6)
        (tmp_path / NAME).write_bytes(b"".join(change(lines(tmp_path))))
        found = await audit.check()
        assert not found.is_whole
        assert found.line == place
        assert why in found.reason


async def test_a_missing_end_stays_to_be_seen_when_the_log_goes_on(tmp_path: Path) -> None:
    async with log(tmp_path) as audit:
        await write(audit, 6)
        (tmp_path / NAME).write_bytes(b"".join(lines(tmp_path)[:4]))
        await write(audit, 10)
        found = await audit.check()
        assert (found.is_whole, found.line) == (False, 5)
        assert "line 7 of the log: 2 before it are missing" in found.reason


async def test_a_chain_made_anew_is_found_out(tmp_path: Path) -> None:
    """Whoever can write the file can hash as well; where it ended is kept elsewhere."""
    async with log(tmp_path) as audit:
        await write(audit, 3)
        old = await audit.lines()
        prev, forged = "", b""
        for each in old:
            line = audit_chain.next_line(
                Act("nobody", "invite"), each.at_ms, each.log, each.seq, prev
            )
            prev, forged = line.hash, forged + audit_chain.written(line)
        (tmp_path / NAME).write_bytes(forged)
        assert "made anew" in (await audit.check()).reason


async def test_half_a_line_that_a_crash_left_is_no_line_and_the_log_goes_on(
    tmp_path: Path,
) -> None:
    async with log(tmp_path) as audit:
        await write(audit, 2)
        with (tmp_path / NAME).open("ab") as file:
            file.write(b'{"log": "x", "seq"')
        assert (await audit.check()).is_whole
        await write(audit, 1)
        found = await audit.check()
        assert (found.lines, found.is_whole) == (3, True)


async def test_a_line_whose_end_was_not_kept_when_the_process_died_is_whole(
    tmp_path: Path,
) -> None:
    """The file is synced first: the engine may be one act behind, and is never ahead."""
    async with log(tmp_path) as audit:
        await write(audit, 2)
        heads = await audit._heads()
        await asyncio.to_thread(audit._append, (Act("owner", "revoke", "x"),), heads)
        assert (await audit.check()).is_whole
        await write(audit, 1)
        found = await audit.check()
        assert (found.lines, found.is_whole) == (4, True)


async def test_the_chain_goes_on_across_files_and_the_oldest_go(tmp_path: Path) -> None:
    async with log(tmp_path, file_bytes_max=900) as audit:
        await write(audit, 100)
        full = sorted(tmp_path.glob(f"{NAME}.*[0-9]"))  # noqa: ASYNC240 - a test waits
        assert len(full) == FILES_MAX
        found = await audit.check()
        assert found.is_whole, found
        assert found.lines == len(await audit.lines()) < 100
        full[0].unlink()  # the control: one that should still be there
        found = await audit.check()
        assert not found.is_whole
        assert "before it are missing" in found.reason


async def test_two_processes_write_one_chain(tmp_path: Path) -> None:
    """The owner's commands write beside the Coordinator."""
    async with log(tmp_path) as one, log(tmp_path) as other:
        await asyncio.gather(*(write(each, 10) for each in (one, other)))
        for audit in (one, other):
            found = await audit.check()
            assert (found.lines, found.is_whole) == (20, True), found


async def test_after_a_restart_the_chain_goes_on(tmp_path: Path) -> None:
    for _ in range(2):
        async with log(tmp_path) as audit:
            await write(audit, 2)
    async with log(tmp_path) as audit:
        assert (await audit.check()).lines == 4


async def test_two_coordinators_over_one_engine_have_a_log_each(tmp_path: Path) -> None:
    """The one that wrote nothing yet misses nothing; the one whose log is emptied does."""
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    async with open_sqlite(tmp_path / "state.db") as engine:
        one, other = (Audit(tmp_path / name, engine.kv, HandClock()) for name in ("one", "other"))
        await write(one, 2)
        assert (await other.check()).is_whole
        await write(other, 3)
        (tmp_path / "one" / NAME).write_bytes(b"")
        assert "2 lines were written" in (await one.check()).reason
        found = await other.check()
        assert (found.lines, found.is_whole) == (3, True)


async def test_elsewhere_the_log_is_as_whole_as_it_was(tmp_path: Path) -> None:
    """Another directory, as on another machine: its key says whose log it is."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    OwnIdentity(here / "identity", Authority.make(here / "authority", SystemClock()))
    async with log(here) as audit:
        await write(audit, 3)
    here.rename(there)
    async with log(there) as audit:
        assert (await audit.check()).is_whole
        kept = (there / NAME).read_bytes()
        (there / NAME).write_bytes(b"")
        assert "3 lines were written, and none is there" in (await audit.check()).reason
        (there / NAME).write_bytes(kept)
        await write(audit, 1)
        found = await audit.check()
        assert (found.lines, found.is_whole) == (4, True)


async def test_a_log_of_an_earlier_version_goes_on_being_whole(tmp_path: Path) -> None:
    """Whose it is was kept under the machine's name then, which may be another now."""
    async with log(tmp_path) as audit:
        await write(audit, 2)
        (entry,) = await audit._kv.entries(HEADS)
        said = json.loads(entry.value)
        del said["of"]
        said["directory"] = "another-name:/somewhere"
        await audit._kv.put(entry.key, json.dumps(said).encode(), expected=entry.revision)
        assert (await audit.check()).is_whole
        await write(audit, 1)
        assert (await audit.check()).is_whole
        (tmp_path / NAME).write_bytes(b"")
        assert "3 lines were written, and none is there" in (await audit.check()).reason


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_byte_of_a_line_can_be_changed_unseen(data: st.DataObject) -> None:
    prev, written = "", list[bytes]()
    for seq in range(1, 4):
        line = audit_chain.next_line(Act("owner", "invite", "x"), 1_000 + seq, "l", seq, prev)
        prev = line.hash
        written.append(audit_chain.written(line))
    heads = {"l": Head("l", 3, prev, 1)}
    place = data.draw(st.integers(0, 2))
    at = data.draw(st.integers(0, len(written[place]) - 2))
    byte = data.draw(st.integers(32, 126))
    if written[place][at] == byte:
        return
    changed = bytearray(written[place])
    changed[at] = byte
    written[place] = bytes(changed)
    found = audit_chain.check((("f", i, each) for i, each in enumerate(written, 1)), heads)
    same = audit_chain.read(written[place])  # a space for a space, as JSON reads it
    untouched = same is not None and same.hash == audit_chain._hash(same) and same.seq == place + 1
    assert found.is_whole == untouched

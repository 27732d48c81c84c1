"""From one version to another and back: what is decided here is only the order of it.

Until the nodes are stopped nothing is changed. From then on whatever goes wrong, an interruption
among it, leads back to the old version; stores that it cannot read are put back from the copy.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from common.daemon.formats import StoreFormat
from common.daemon.home import Home
from common.errors import Conflict, Corrupt, Invalid, PostDevAIError, Unavailable
from developer_node.front.output_words import size
from developer_node.front.upgrade import carrying, links, nodes, record, state, stores
from developer_node.front.upgrade.candidate import Candidate, order
from developer_node.front.upgrade.environment import Environment, installed
from developer_node.front.upgrade.record import Record

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Mover:
    """One HOME, and the environment that its nodes run in now."""

    home: Home
    told: Told
    here: Environment = field(default_factory=Environment.here)

    def refuse_no_step(self, wanted: Candidate) -> None:
        """Conflict for the version that is here already, Invalid for one before it."""
        now = self.here.version()
        if wanted.version == now:
            raise Conflict(f"version {now} is what runs here already")
        if order(wanted.version) < order(now):
            raise Invalid(
                f"{wanted.version} is older than {now}, and may not read what {now} wrote",
                field="to",
                hint="to undo the last upgrade, type: postdevai upgrade --back",
            )

    def compared(self, new: Environment) -> tuple[list[StoreFormat], list[StoreFormat]]:
        """Each store by the old program and by the new; Corrupt when the new cannot read one."""
        before, after = self.here.formats(self.home.root), new.formats(self.home.root)
        for each in after:
            if not each.readable:
                why = each.fault or f"its format is {each.found}"
                raise Corrupt(
                    f"{new.version()} cannot read {each.store}: {why}",
                    hint="nothing was changed; a version in between may be able to",
                )
        return before, after

    def to(self, wanted: Candidate, place: Environment) -> Record:
        """Installs, copies, moves over and verifies; raises once the old version runs again."""
        self.refuse_no_step(wanted)
        new = installed(wanted, place)
        self.told(f"Version {wanted.version} is installed in {new.root}.")
        before, after = self.compared(new)
        self.told(said_of_formats(before, after))
        state.room_for_copy(self.home)
        known = nodes.findings(self.here)
        ran, services = nodes.running(self.home)
        made = Record(
            time.time_ns() // 1_000_000,
            self.here.version(),
            str(self.here.root),
            wanted.version,
            str(new.root),
            ran,
            services,
            tuple(before),
            tuple(after),
        )
        nodes.stop(self.home, services, self.here)
        try:
            copied = state.copy(self.home)
        except OSError as error:
            nodes.start(self.home, services, self.here)
            raise Unavailable(f"the state could not be copied: {error}") from error
        self.told(f"Stopped. The state is copied: {size(copied)}.")
        made = made.write(self.home)
        try:
            made = self._over(made, new, known)
        except BaseException as error:
            self.told("It goes back by itself.")
            try:
                put_back = self.back(made)
            except PostDevAIError as second:
                done = record.read(self.home).state == "back"
                raise Unavailable(
                    f"version {made.to_version} was not taken ({error}), and version "
                    f"{made.from_version} does not run again yet: {second.message}",
                    hint="what was there before is back; start it with: postdevai up"
                    if done
                    else "end it with: postdevai upgrade --back",
                ) from error
            if isinstance(error, PostDevAIError):
                raise Unavailable(
                    f"version {made.to_version} was not taken: {error.message.rstrip('.')}. "
                    f"Version {made.from_version} runs again",
                    hint=f"what the new one wrote into {' and '.join(put_back)} lies in "
                    f"{record.directory(self.home)}"
                    if put_back
                    else "see the logs: postdevai service logs all",
                ) from error
            raise
        return made.write(self.home, state="done")

    def _over(self, made: Record, new: Environment, known: dict[str, str]) -> Record:
        found = links.leading_to(self.here.programs, os.environ.get("PATH", ""))
        turned = links.turn(found, new.programs)
        made = made.write(self.home, links=tuple(map(str, turned)))
        nodes.start(self.home, made.services, new)
        asks = nodes.lives_here(self.home, "developer")
        # Nodes that stood still were found away; started, they have to be well.
        held = {name for name in known if not name.endswith(("-away", "-hung"))}
        if why := nodes.not_well(new, held, asks=asks):
            raise Unavailable(why)
        if not made.ran:
            nodes.stop(self.home, (), new)
        return made

    def back(self, made: Record) -> tuple[str, ...]:
        """The old version runs again, on the copy of those stores that it cannot read as they are
        now; which they are."""
        old, new = Environment(Path(made.from_root)), Environment(Path(made.to_root))
        if not old.programs.is_dir():
            raise Unavailable(f"{old.root}, which holds version {made.from_version}, is gone")
        _, services = nodes.running(self.home)
        lake = stores.JOURNAL in made.changed_stores
        nodes.stop(self.home, services or made.services, new, free=lake)
        gone = stores.to_put_back(self.home, made, old)
        if gone or state.is_begun(self.home):
            aside, gone = state.put_back(
                self.home,
                gone,
                lambda aside, put: carrying.carry_over(self.home, aside, put, old, new, self.told),
            )
            self.told(f"What was in {' and '.join(gone)} is in {aside}.")
        turned = links.leading_to(new.programs, os.environ.get("PATH", ""))
        links.turn({*turned, *map(Path, made.links)}, old.programs)
        # Before the start: a second call would set aside what the old version records from now on.
        made.write(self.home, state="back")
        nodes.start(self.home, services or made.services, old)
        if not made.ran and not services:
            nodes.stop(self.home, (), old)
        return gone


def said_of_formats(before: list[StoreFormat], after: list[StoreFormat]) -> str:
    """In a sentence, which files will be brought forward."""
    old = {each.store: each for each in before}
    moved = [
        f"{each.store} from {each.found or old[each.store].writes} to {each.writes}"
        for each in after
        if each.store in old and each.writes != (each.found or old[each.store].writes)
    ]
    if not moved:
        return "Formats: every store stays as it is."
    return f"Formats: {', '.join(moved)}."

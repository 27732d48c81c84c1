"""The two rows of runs, red and green: ended by the first run that contradicts."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from common.model.event import ProofFinished
from common.model.failure import Failure
from common.model.ids import Fingerprint
from common.model.remedy import ProofProgress
from developer_node.proof import judging
from developer_node.proof.judging import RUNS, Tried
from developer_node.proof.prepared import About, Prepared
from developer_node.proof.trial import Bench, kept_output

OUTPUT_BYTES_MAX = 256 << 10
"""Of all runs together, as the event keeps it."""


@dataclass(slots=True)
class Rows:
    """What was seen until now, and why it went no further."""

    timeout_s: float
    sandbox: str = ""
    reason: str = ""
    red: int = 0
    green: int = 0
    failure: Failure | None = None
    runs: list[tuple[str, Tried]] = field(default_factory=list[tuple[str, Tried]])

    async def fill(self, prepared: Prepared, bench: Bench) -> AsyncGenerator[ProofProgress]:
        """Red three times, then green three times."""
        if unknown := judging.origin_unknown(prepared.paths):
            self.sandbox = f"{self.sandbox}; {unknown}"
        for n in range(RUNS):
            yield ProofProgress("red", n, RUNS, f"Without the remedy, run {n + 1} of {RUNS}.")
            tried = await bench.once(prepared.failing, f"red-{n}")
            self.runs.append((f"without the remedy, run {n + 1}", tried))
            if reason := self._red(tried, prepared):
                lost = prepared.surroundings.sentence()
                self.reason = f"{reason} ({lost})" if lost else reason
                return
            self.red += 1
        for n in range(RUNS):
            yield ProofProgress("green", n, RUNS, f"With the remedy alone, run {n + 1} of {RUNS}.")
            tried = await bench.once(prepared.mended, f"green-{n}")
            self.runs.append((f"with the remedy, run {n + 1}", tried))
            if reason := self._green(tried, prepared):
                self.reason = reason
                return
            self.green += 1
        yield ProofProgress("done", RUNS, RUNS, f"Red {self.red} of {RUNS}, green {self.green}.")

    def finished(self, about: About) -> ProofFinished:
        """What is recorded of it."""
        failure = self.failure
        return ProofFinished(
            remedy_id=about.remedy_id,
            fingerprint=failure.fingerprint if failure else Fingerprint(""),
            verdict="unproven" if self.reason else "confirmed",
            reason=self.reason,
            red=self.red,
            green=self.green,
            runs=RUNS,
            command=about.command,
            commit=about.commit,
            test=failure.test if failure else "",
            sandbox=self.sandbox,
            output=kept_output(self.runs, OUTPUT_BYTES_MAX),
        )

    def _red(self, tried: Tried, prepared: Prepared) -> str:
        if self.failure is None:
            chosen = prepared.choice(tried)
            if isinstance(chosen, str):
                return chosen
            self.failure = chosen
        reason = judging.red(tried, self.failure)
        return judging.without_flakes(reason, self.red, "red") if reason else ""

    def _green(self, tried: Tried, prepared: Prepared) -> str:
        assert self.failure is not None
        reason = judging.green(tried, self.failure) or judging.origin(tried, prepared.paths)
        return judging.without_flakes(reason, self.green, "green") if reason else ""

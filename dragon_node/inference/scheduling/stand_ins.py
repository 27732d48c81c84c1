"""Models that may answer in the place of the one that was asked, each with its own reading of the
request."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor

from common.errors import PostDevAIError
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.scheduling.calls import Call, Speaking

log = logging.getLogger(__name__)


class StandIns:
    """They read beside the owner thread, and only once the model that was asked cannot begin."""

    def __init__(self, readers: Executor, news: Callable[[], None]) -> None:
        """`news` is called when one has read."""
        self._readers = readers
        self._news = news

    def read(self, call: Speaking) -> bool:
        """True while it is worth waiting for their readings, which begin with the first call."""
        if call.read or not call.alternatives:
            return False
        if not call.readings:
            for alternative in call.alternatives:
                reading = self._readers.submit(alternative.read)
                call.readings[alternative.name] = reading
                reading.add_done_callback(lambda _: self._news())
            return True
        call.read = self.done(call)
        return not call.read

    def done(self, call: Speaking) -> bool:
        """All have read, or failed to."""
        return all(reading.done() for reading in call.readings.values())

    def readings(self, call: Speaking) -> Iterator[tuple[str, Prompted]]:
        """Of those that can, in the order in which they are to stand in."""
        for name, reading in call.readings.items():
            if not reading.done():
                continue
            try:
                yield name, reading.result()
            except PostDevAIError:
                continue  # too long for it, say: the refusal speaks of the model that was asked
            except Exception:  # a reader's fault must not end the others
                log.exception("an alternative does not read a request model=%s", name)

    def take(self, call: Call, model: str, sentence: str) -> None:
        """That one answers, and says why."""
        assert isinstance(call, Speaking)  # nobody else has alternatives
        call.prompted = call.readings[model].result()
        call.model = model
        call.instead = f"{call.instead}; {sentence}" if call.instead else sentence
        call.alternatives, call.readings = (), {}

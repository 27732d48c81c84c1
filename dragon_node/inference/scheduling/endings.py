"""How a call ends without what it wanted: told to its caller, and counted once."""

from __future__ import annotations

from common.errors import Invalid, OverLimit, PostDevAIError, Unavailable
from dragon_node.inference.scheduling.calls import Call, Speaking
from dragon_node.inference.scheduling.counts import Tally


def fail(call: Call, error: PostDevAIError, tally: Tally) -> None:
    """For a call that is in no list any more."""
    if isinstance(call, Speaking):
        if call.cancelled:
            tally.ended("cancelled")
        elif isinstance(error, OverLimit | Invalid):
            tally.ended("refused")
        else:
            tally.ended("failed")
    call.fail(error)


def late(call: Call, doing: str) -> Unavailable:
    """Its deadline has passed."""
    sentence = f"{call.timeout_s:g} s have passed while the request {doing}"
    return Unavailable(
        f"{sentence}: {call.waits}" if call.waits else sentence,
        hint="give it more time, or ask when less is running",
    )


def changed(model: str) -> Unavailable:
    """The files of a model are not those that somebody counted on."""
    return Unavailable(f"the files of {model} have changed meanwhile", hint="ask again")


def understood(why: Exception, sentence: str) -> PostDevAIError:
    """Errors with a meaning stay what they are; others become the sentence with their words."""
    if isinstance(why, PostDevAIError):
        return why
    return Unavailable(f"{sentence}: {why}" if str(why) else f"{sentence}: {type(why).__name__}")

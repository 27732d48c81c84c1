"""How a call ends without what it wanted: told to its caller, and counted once."""

from __future__ import annotations

from common.errors import Invalid, OverLimit, PostDevAIError, Unavailable
from dragon_node.inference.scheduling.calls import Call, Speaking
from dragon_node.inference.scheduling.counts import Tally
from dragon_node.inference.scheduling.inbox import Unload


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


def fail_unload(unload: Unload, error: PostDevAIError) -> None:
    """Its caller is told why the model stays."""
    if unload.future.set_running_or_notify_cancel():
        unload.future.set_exception(error)


def late(call: Call, doing: str) -> Unavailable:
    """Its deadline has passed."""
    return Unavailable(
        f"{call.timeout_s:g} s have passed while the request {doing}",
        hint="give it more time, or ask when less is running",
    )


def understood(why: Exception, sentence: str) -> PostDevAIError:
    """Errors with a meaning stay what they are; others become the sentence with their words."""
    if isinstance(why, PostDevAIError):
        return why
    return Unavailable(f"{sentence}: {why}" if str(why) else f"{sentence}: {type(why).__name__}")

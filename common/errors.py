"""The seven ways in which something can be refused, each with a hint for a person."""

from __future__ import annotations


class PostDevAIError(Exception):
    """A refusal with a meaning. `hint` says what to do next; `field` names bad input."""

    def __init__(self, message: str, *, hint: str = "", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field


class Invalid(PostDevAIError):
    """The input is malformed; `field` names where."""


class Denied(PostDevAIError):
    """The caller may not do this."""


class Missing(PostDevAIError):
    """There is no such thing."""


class Conflict(PostDevAIError):
    """Something else holds it, or it has changed meanwhile."""


class OverLimit(PostDevAIError):
    """A limit is reached; the message says which, with numbers. Worth trying again later."""


class Unavailable(PostDevAIError):
    """Somebody who is needed cannot be reached now. Worth trying again."""


class Corrupt(PostDevAIError):
    """What was stored is not what was written."""

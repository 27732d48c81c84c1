"""How names become subjects and streams: base64url, so that any name is one token.

SPACE.k.KEY            a key of Kv
SPACE.l.NAME           a lease
SPACE.q.QUEUE.JOB      a job
SPACE.r.LOG.READER     how far a reader is
all in the stream SPACE_state; each log has a stream of its own, SPACE_log_HASH with the
subjects SPACE-log.HASH.HASH_OF_MESSAGE_ID, so that the server itself refuses an id twice.
"""

from __future__ import annotations

import base64
import hashlib

from coordinator_node.engine.limits import name_token as token

__all__ = ["line_subject", "log_stream", "log_subjects", "named", "state_stream", "token"]


def named(text: str) -> str:
    """The name that became this token."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def state_stream(space: str) -> str:
    """The stream of everything but the logs."""
    return f"{space}_state"


def log_stream(space: str, log: str) -> str:
    """The stream of one log; its name stands in the stream's metadata."""
    return f"{space}_log_{_hash(log)}"


def log_subjects(space: str, log: str) -> str:
    """Of all lines of one log."""
    return f"{space}-log.{_hash(log)}.*"


def line_subject(space: str, log: str, message_id: str) -> str:
    """Of the one line that may have this id."""
    return f"{space}-log.{_hash(log)}.{_hash(message_id)}"


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:40]

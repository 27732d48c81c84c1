"""What every driver refuses before it asks its store: names, sizes and terms out of bounds."""

from __future__ import annotations

import base64
import re
import secrets

from common.errors import Invalid, OverLimit
from coordinator_node.engine.ports import KEY_CHARS_MAX, VALUE_BYTES_MAX, Job

NAME = re.compile(r"[A-Za-z0-9\-_./=]+")
TERM_S_MAX = 10 * 366 * 24 * 3600.0
PRIORITY_MAX = 9
TOPICS_MAX = 64


def check_name(name: str, what: str) -> None:
    """Of a key, a lease, a log or a queue."""
    if not NAME.fullmatch(name):
        raise Invalid(f"{what} {name[:40]!r} must be of letters, digits and - _ . / =", field=what)
    if len(name) > KEY_CHARS_MAX:
        raise OverLimit(f"{what} has {len(name)} characters; {KEY_CHARS_MAX} at most")


def check_prefix(prefix: str) -> None:
    """Of keys; an empty one means all."""
    if prefix:
        check_name(prefix, "prefix")


def check_id(text: str, what: str) -> None:
    """Of a message, a job, a holder, a worker or a reader: any words on one line."""
    if not text or not text.isprintable():
        raise Invalid(f"{what} must not be empty and must be one line of text", field=what)
    if len(text) > KEY_CHARS_MAX:
        raise OverLimit(f"{what} has {len(text)} characters; {KEY_CHARS_MAX} at most")


def check_value(value: bytes, what: str) -> None:
    """Of a key, a line or a job."""
    if len(value) > VALUE_BYTES_MAX:
        raise OverLimit(f"{what} has {len(value)} bytes; {VALUE_BYTES_MAX} at most")


def check_term(term_s: float, what: str, *, least_s: float = 0.0) -> int:
    """The term in milliseconds; Invalid when it is shorter than the least, or not a term."""
    if not least_s <= term_s <= TERM_S_MAX:
        raise Invalid(f"{what} is {term_s}; it must be {least_s} to {TERM_S_MAX:.0f} s", field=what)
    return round(term_s * 1000)


def new_token(job_id: str) -> str:
    """Of a claim: the job's id, base64url, and something that nobody guesses."""
    return f"{name_token(job_id)}.{secrets.token_hex(8)}"


def name_token(name: str) -> str:
    """A name as one token of letters, digits, - and _."""
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def check_job(job: Job) -> None:
    """Everything about a job that is submitted."""
    check_id(job.id, "job")
    check_value(job.data, f"job {job.id}")
    if not 0 <= job.priority <= PRIORITY_MAX:
        raise Invalid(f"priority is {job.priority}; it must be 0 to {PRIORITY_MAX}", field="job")
    if len(job.topics) > TOPICS_MAX:
        raise OverLimit(f"a job has {len(job.topics)} topics; {TOPICS_MAX} at most")
    for topic in job.topics:
        check_id(topic, "topic")

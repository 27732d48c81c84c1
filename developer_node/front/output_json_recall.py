"""The contract for scripts, what is asked most: a failure and what mended it (docs/cli.md).

Nothing is imported for it but what tells a time: `recall --json` is to come at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from developer_node.front.output_words import iso

if TYPE_CHECKING:
    from common.model.answer import Away, Freshness
    from common.model.failure import Failure, Occurrence, Proof, Recollection, Remedy

Json = dict[str, Any]


def recall(known: Recollection) -> Json:
    """`recall --json`."""
    return {
        "match": known.match,
        "failure": failure(known.failure) if known.failure else None,
        "occurrences": [occurrence(o) for o in known.occurrences],
        "remedies": [remedy(r) for r in known.remedies],
        "flaky": {"failed": known.flaky.failed, "runs": known.flaky.runs} if known.flaky else None,
        "note": known.note or None,
        "freshness": freshness(known.freshness),
    }


def failure(failed: Failure) -> Json:
    """What a tool said."""
    return {
        "tool": failed.tool,
        "code": failed.code or None,
        "kind": failed.kind,
        "message": failed.message,
        "normalised": failed.normalised,
        "test": failed.test or None,
        "fingerprint": failed.fingerprint or None,
        "during": failed.during,
        "frames": [
            {
                "path": f.path,
                "function": f.function or None,
                "line": f.line or None,
                "in_app": f.in_app,
            }
            for f in failed.frames
        ],
    }


def occurrence(seen: Occurrence) -> Json:
    """One time that it failed."""
    return {
        "id": seen.event_id,
        "at": iso(seen.at_ms),
        "project": seen.project or None,
        "cwd": seen.cwd,
        "commit": seen.commit or None,
        "command": seen.command or None,
        "message": seen.message or None,
        "ci": seen.ci,
    }


def remedy(known: Remedy) -> Json:
    """What made it pass."""
    return {
        "id": known.id,
        "state": known.state,
        "kind": known.kind,
        "commit": known.commit or None,
        "label": known.label or None,
        "diff": known.diff or None,
        "command": known.command or None,
        "why": known.why or None,
        "paths": list(known.paths),
        "also_changed": list(known.also_changed),
        "failed_at": iso(known.failed_at_ms),
        "passed_at": iso(known.passed_at_ms),
        "project": known.project or None,
        "proof": _proof(known.proof),
        "accepted": known.accepted,
    }


def _proof(known: Proof | None) -> Json | None:
    """Of a remedy in `recall --json`."""
    if known is None:
        return None
    return {
        "verdict": known.verdict,
        "at": iso(known.at_ms),
        "reason": known.reason or None,
        "red": known.red,
        "green": known.green,
        "runs": known.runs,
        "event": known.event_id or None,
    }


def freshness(known: Freshness) -> Json:
    """What an answer knows about."""
    return {
        "projects": [
            {
                "project": p.project or None,
                "working_copy": p.working_copy or None,
                "copy": p.copy or None,
                "indexed_commit": p.indexed_commit or None,
                "head_commit": p.head_commit or None,
                "files_behind": p.files_behind if p.files_behind >= 0 else None,
            }
            for p in known.projects
        ],
        "events_behind": known.events_behind,
        "vectors_share": known.vectors_share,
        "words_behind": known.words_behind,
        "not_asked": list(known.not_asked),
        "asleep": list(known.asleep),
        "away": away(known.away),
    }


def away(known: Away | None) -> Json | None:
    """What an answer says of itself that the Dragon did not give; null when it did."""
    if known is None:
        return None
    return {
        "source": known.source,
        "sentence": known.sentence,
        "as_of": iso(known.as_of_ms),
        "waiting": known.waiting,
    }

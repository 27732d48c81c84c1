"""The contract for scripts: every key is always there, null when not known (docs/cli.md)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from common.model.answer import AskEnd, AskPassages, Hit
from common.model.event import (
    ActDone,
    CommandFinished,
    EditorEvent,
    Event,
    FileChanged,
    GitOperation,
    ProofFinished,
    WorkingCopySeen,
    kind_of,
)
from common.model.lake import HistoryEntry, HistoryPage, LakeStats, SearchResult
from common.model.laptop import LaptopStatus, OutboxStatus, WatchedRepository
from common.model.llm import Model
from common.model.node import Member, Node
from developer_node.front import (
    output_json_lake,
    output_json_laptop,
    output_json_models,
)
from developer_node.front.output_json_recall import failure, freshness
from developer_node.front.output_json_recall import recall as recall
from developer_node.front.output_json_recall import remedy as remedy
from developer_node.front.output_words import iso

Json = dict[str, Any]


def search(result: SearchResult) -> Json:
    """`search --json`."""
    return {
        "hits": [hit(found) for found in result.hits],
        "complete": result.complete,
        "freshness": freshness(result.freshness),
    }


def hit(found: Hit) -> Json:
    """A place, and why it was found."""
    return citation(found) | {
        "working_copy": found.working_copy or None,
        "symbol": found.symbol or None,
        "score": found.score,
        "why": list(found.why),
        "kind": found.kind,
        "event": found.event or None,
        "language": found.language or None,
        "at": iso(found.at_ms),
    }


def citation(found: Hit) -> Json:
    """A place that `postdevai open` opens."""
    return {
        "project": found.project or None,
        "path": found.path,
        "start_line": found.start_line,
        "end_line": found.end_line,
        "commit": found.commit or None,
        "blob": found.blob or None,
        "dirty": found.dirty,
    }


def ask(passages: AskPassages, end: AskEnd) -> Json:
    """`ask --json`. Without a model the passages are the answer, and so the citations."""
    return {
        "answer": end.answer or None,
        "citations": [citation(c) for c in end.citations or _unspoken(passages)],
        "model": passages.model or None,
        "away": passages.freshness.away is not None,
        "freshness": freshness(passages.freshness),
        "demonstration": passages.demonstration,
        "without_model": passages.without_model or None,
        "note": end.note or None,
    }


def _unspoken(passages: AskPassages) -> tuple[Hit, ...]:
    return () if passages.model else passages.passages


def history(page: HistoryPage) -> Json:
    """`history --json`."""
    return {
        "events": [entry(e) for e in page.entries],
        "freshness": freshness(page.freshness),
    }


def entry(recorded: HistoryEntry) -> Json:
    """An event; keys that its kind does not have are null."""
    found = {"excerpt": recorded.excerpt or None, "likeness": recorded.likeness or None}
    return {"cursor": recorded.cursor} | event(recorded.event, recorded.project) | found


def event(recorded: Event, project: str) -> Json:
    """The keys that every kind shares, then those of its own."""
    return {
        "id": recorded.id,
        "at": iso(recorded.at_ms),
        "kind": kind_of(recorded.body),
        "project": project or None,
        "working_copy": recorded.working_copy or None,
        **_NO_BODY,
        **_body(recorded),
    }


_NO_BODY: Json = dict.fromkeys(
    (
        "command",
        "cwd",
        "exit_code",
        "exit_codes",
        "duration_ms",
        "failures",
        "running",
        "run",
        "path",
        "deleted",
        "skipped",
        "operation",
        "old",
        "new",
        "ref",
        "message",
        "commits",
        "line",
    )
)


def _body(recorded: Event) -> Json:
    match recorded.body:
        case CommandFinished() as command:
            return {
                "command": command.command,
                "cwd": command.cwd,
                "exit_code": command.exit_codes[-1] if command.exit_codes else None,
                "exit_codes": list(command.exit_codes),
                "duration_ms": command.duration_ms,
                "failures": [failure(f) for f in command.failures],
                "running": command.running,
                "run": command.run or None,
            }
        case FileChanged() as file:
            return {"path": file.path, "deleted": file.deleted, "skipped": file.skipped or None}
        case GitOperation() as git:
            return {
                "operation": git.operation,
                "old": git.old or None,
                "new": git.new or None,
                "ref": git.ref or None,
                "message": git.message or None,
                "commits": [c.sha for c in git.commits],
            }
        case EditorEvent() as editor:
            return {
                "operation": editor.action,
                "path": editor.path,
                "line": editor.line or None,
                "message": editor.message or None,
            }
        case WorkingCopySeen() as seen:
            return {"path": seen.path, "new": seen.head or None, "ref": seen.branch or None}
        case ProofFinished() as proof:
            return {
                "operation": proof.verdict,
                "command": proof.command,
                "new": proof.commit or None,
                "message": proof.reason or None,
            }
        case ActDone() as act:
            return {
                "operation": act.action,
                "command": act.command or None,
                "exit_code": act.exit_code if act.exit_code >= 0 else None,
                "new": act.commit or None,
                "ref": act.branch or None,
                "message": act.sentence,
            }


def status(now: LaptopStatus) -> Json:
    """`status --json`."""
    return {
        "nodes": [node(n) for n in now.nodes],
        "outbox": outbox(now.outbox),
        "lake": lake(now.lake),
        "models": [model(m) for m in now.models],
        "repositories": [repository(r) for r in now.repositories],
        "dragon_unavailable": now.dragon_unavailable or None,
        "coordinator_unavailable": now.coordinator_unavailable or None,
        "inference": output_json_models.stats(now.inference),
    } | output_json_laptop.own(now)


def status_without_daemon(known: tuple[Node, ...], why: str) -> Json:
    """`status --json` while the laptop's daemon is away: what is not known is null."""
    return {
        "nodes": [node(n) | {"lease_s": None, "cpu": None, "queue": None} for n in known],
        "outbox": outbox(None),
        "lake": lake(None),
        "models": [],
        "repositories": [],
        "dragon_unavailable": why,
        "coordinator_unavailable": why,
        "inference": output_json_models.stats(None),
    } | output_json_laptop.own(None)


def node(known: Node) -> Json:
    """A node of the mesh."""
    return {
        "role": known.role,
        "id": known.id or None,
        "pid": known.pid or None,
        "state": known.state,
        "address": known.address or None,
        "lease_s": known.lease_s,
        "version": known.version or None,
        "capabilities": list(known.capabilities),
        "rss_bytes": known.load.rss_bytes or None,
        "cpu": known.load.cpu,
        "queue": known.load.queue,
        "machine": known.machine or None,
        "addresses": list(known.addresses),
        "projects": list(known.projects),
        "models": list(known.models),
        "on_disk": list(known.on_disk),
        "epoch": known.epoch or None,
        "certificate_ends_at": iso(known.certificate_ends_ms),
        "clock_ahead_ms": known.clock_ahead_ms,
        "follows": known.follows or None,
        "behind": known.behind if known.follows and known.behind >= 0 else None,
        "in_the_way": known.in_the_way or None,
        "followers": list(known.followers),
        "hidden": list(known.hidden),
        "put_out": known.put_out,
        "left": known.left,
    }


def member(known: Member) -> Json:
    """Who was let in and is not among the nodes."""
    return {
        "role": known.role,
        "id": known.id,
        "certificate_ends_at": iso(known.certificate_ends_ms),
        "put_out": known.put_out,
        "left": known.left,
    }


def outbox(waits: OutboxStatus | None) -> Json:
    """What waits on the laptop."""
    return {f.name: getattr(waits, f.name, None) for f in fields(OutboxStatus)}


def lake(stats: LakeStats | None) -> Json:
    """The lake, and what it knows about; all null while the Dragon cannot be reached."""
    return output_json_lake.lake(stats) | {
        "freshness": freshness(stats.freshness) if stats else None
    }


def model(known: Model) -> Json:
    """A model of the catalogue."""
    return {
        "name": known.name,
        "purpose": known.purpose,
        "state": known.state,
        "progress": known.progress,
        "parameters": known.parameters or None,
        "bytes": known.bytes or None,
        "detail": known.detail or None,
    }


def repository(watched: WatchedRepository) -> Json:
    """A repository that is watched."""
    return {
        "path": watched.path,
        "working_copy": watched.working_copy or None,
        "files": watched.files if watched.files >= 0 else None,
        "skipped": watched.skipped,
        "state": watched.state,
    }

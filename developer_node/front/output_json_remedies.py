"""The contract for scripts, the part about remedies: every key is always there (docs/cli.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from common.model.event import ActDone, ProofFinished
from common.model.remedy import AutonomySetting, CardStats, DraftedPatch, MinedFix, MineEnd
from developer_node.front.output_words import iso

Json = dict[str, Any]


def proven(finished: ProofFinished) -> Json:
    """`prove --json`."""
    return {
        "verdict": finished.verdict,
        "reason": finished.reason or None,
        "remedy": finished.remedy_id or None,
        "fingerprint": finished.fingerprint or None,
        "commit": finished.commit or None,
        "test": finished.test or None,
        "command": finished.command or None,
        "red": finished.red,
        "green": finished.green,
        "runs": finished.runs,
        "sandbox": finished.sandbox or None,
        "output": finished.output.text,
    }


def mined(found: Sequence[MinedFix], end: MineEnd | None, tried: Mapping[str, str]) -> Json:
    """`mine --json`; `tried`: verdicts by commit."""
    return {
        "fixes": [
            {
                "path": fix.path,
                "commit": fix.commit,
                "subject": fix.subject,
                "at": iso(fix.author_ms),
                "tests": list(fix.tests),
                "sources": list(fix.sources),
                "why": fix.why,
                "verdict": tried.get(fix.commit),
            }
            for fix in found
        ],
        "looked": end.looked if end else None,
        "sentence": end.sentence if end else None,
    }


def stats(all_stats: Sequence[CardStats]) -> Json:
    """`cards --json`."""
    return {"projects": [asdict(each) | {"sentence": each.sentence or None} for each in all_stats]}


def drafted(patch: DraftedPatch) -> Json:
    """`patch --json`."""
    return asdict(patch) | {"command": patch.command or None}


def setting(now: AutonomySetting) -> Json:
    """`autonomy --json`."""
    return {
        "level": now.level,
        "scope": now.scope or None,
        "classes": list(now.classes),
        "lowered_by": now.lowered_by or None,
    }


def act(done: ActDone) -> Json:
    """`revert --json`."""
    return {
        "action": done.action,
        "sentence": done.sentence,
        "remedy": done.remedy_id or None,
        "worktree": done.worktree or None,
        "branch": done.branch or None,
        "reverts": done.reverts or None,
    }

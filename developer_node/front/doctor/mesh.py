"""What the laptop's daemon says of the lake, the outbox, the models and the calls to others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from common.model.lake import LakeStats
from developer_node.front.doctor.finding import (
    ATTENTION,
    CORRUPT,
    MORE_WATCHES,
    REFUSED,
    UNAVAILABLE,
    Finding,
    Ground,
)
from developer_node.front.output_needs import JOIN_ANEW, pulling
from developer_node.front.output_nodes import lags, with_models
from developer_node.front.output_words import count, size

BACKLOG = 1000
"""Records that wait although the Dragon answers."""
NEARLY_FULL = 0.9
KEPT_STATES = ("watching", "scanning", "starting")


def lake(ground: Ground) -> Iterator[Finding]:
    """Where it lies and how full it is."""
    stats = ground.known.lake if ground.known else None
    if stats is None:
        return
    if not stats.ram:
        yield Finding(
            "lake-not-ram",
            f"The lake is NOT RAM: it lies at {stats.path}{_because(stats.why)}. It works, more "
            "slowly, and writes to the disk.",
            "Give the Dragon memory that it may mount (docs/ARCHITECTURE.md), or leave it so.",
            ATTENTION,
        )
    elif "dragon" in ground.ready and stats.path and not Path(stats.path).exists():
        yield Finding(
            "ram-disk-gone",
            f"The RAM disk {stats.path} is gone under the running Dragon.",
            "Type: postdevai down, then postdevai up: the journal fills it again",
            CORRUPT,
        )
    yield from _fullness(stats)


def _fullness(stats: LakeStats) -> Iterator[Finding]:
    if stats.refuse_bytes and stats.bytes >= stats.refuse_bytes:
        yield Finding(
            "lake-full",
            f"The lake is full: {size(stats.bytes)} of {size(stats.budget_bytes)}. What arrives "
            "is refused and waits on the laptop.",
            "See what takes the room: postdevai lake. Then: postdevai lake sleep PROJECT, or a "
            "larger POSTDEVAI_LAKE_BYTES",
            REFUSED,
        )
    if stats.ram and stats.inodes_free and stats.inodes_free < 1000:
        yield Finding(
            "lake-inodes",
            f"The RAM disk has room for {count(stats.inodes_free, 'file')} only.",
            "Send projects to sleep: postdevai lake sleep PROJECT",
            REFUSED,
        )


def outbox(ground: Ground) -> Iterator[Finding]:
    """What waits on this laptop, and what was lost or refused."""
    if ground.known is None:
        return
    waits = ground.known.outbox
    if waits.refused:
        yield Finding(
            "outbox-refused",
            f"The Dragon refused {count(waits.refused, 'record')}; they are kept on this laptop.",
            "The reason is in the developer node's log: postdevai service logs developer",
            REFUSED,
        )
    if waits.gaps:
        yield Finding(
            "outbox-gaps",
            f"{count(waits.gaps, 'record')} never arrived and cannot be found here any more.",
            _gone_with(ground.home.root),
            CORRUPT,
        )
    if waits.waiting > BACKLOG and not ground.known.dragon_unavailable:
        yield Finding(
            "outbox-backlog",
            f"{count(waits.waiting, 'record')} wait here although the Dragon answers.",
            "Wait a minute and look again: postdevai status. If the number does not fall: "
            "postdevai down, then postdevai up",
            ATTENTION,
        )
    if waits.bytes_max and waits.bytes > waits.bytes_max * NEARLY_FULL:
        yield Finding(
            "outbox-full",
            f"The outbox holds {size(waits.bytes)} of {size(waits.bytes_max)}; outputs are dropped "
            "when it is full, oldest first. Facts stay.",
            "Bring the Dragon back: it takes what waits.",
            REFUSED,
        )
    if waits.sentence:
        yield Finding("outbox-disk", waits.sentence, "Make room on that disk.", REFUSED)
    if waits.refusal:
        yield Finding(
            "outbox-not-taken",
            f"Nothing that is recorded here is sent: {waits.refusal.rstrip('.')}.",
            "Keep the outbox: it is the only copy. The reason is said above; see also: postdevai "
            "service logs developer",
            REFUSED,
        )


def _gone_with(home: Path) -> str:
    """Whether a version that was gone back from has them, or nobody."""
    aside = sorted((home / "upgrade").glob("after*/dragon/journal.db"))
    if aside:
        return (
            "What the Dragon of a newer version took lies in "
            f"{' and '.join(str(each.parent) for each in aside)}: keep it for that version."
        )
    return "Nothing brings them back; what the repository holds was indexed again."


def put_out(ground: Ground) -> Iterator[Finding]:
    """This laptop, by the owner of its mesh."""
    if ground.known is not None and ground.known.put_out:
        yield Finding(
            "put-out",
            "This laptop was put out of its mesh: every node refuses it, and its certificate is "
            "not renewed. What it recorded is kept here and is not sent.",
            f"{JOIN_ANEW}.",
            REFUSED,
        )


def circuits(ground: Ground) -> Iterator[Finding]:
    """Services that are not asked for a while, because calls failed."""
    if ground.known is None or ground.known.put_out:
        return
    for each in ground.known.circuits:
        if each.state != "closed" and each.failures:  # else the Coordinator, whom `hung` tells of
            yield Finding(
                "circuit-open",
                f"The {each.name} service is not asked for now: {count(each.failures, 'call')} in "
                f"a row failed{f', {each.sentence}' if each.sentence else ''}.",
                "It is tried again by itself; if it stays so: postdevai down, then postdevai up",
                UNAVAILABLE,
            )


def models(ground: Ground) -> Iterator[Finding]:
    """Which can speak, and whether they fit."""
    if ground.known is None:
        return
    inference = ground.known.inference
    for model in ground.known.models:
        if model.state == "failed":
            yield Finding(
                "model-damaged",
                f"The model {model.name} could not be loaded{_because(model.detail)}.",
                f"Fetch it anew: postdevai models pull {model.name}",
                CORRUPT,
            )
        elif inference and inference.memory_bytes and model.bytes > inference.memory_bytes:
            yield Finding(
                "model-fit",
                f"The model {model.name} takes {size(model.bytes)}, and the Dragon may plan with "
                f"{size(inference.memory_bytes)}: it cannot be loaded.",
                "Choose a smaller one (docs/models.md says which), or raise "
                "POSTDEVAI_MEMORY_BYTES.",
                REFUSED,
            )
    known = ground.known.models
    bare = bool(known) and all(model.state == "missing" for model in known)
    if bare and not with_models(ground.known.nodes):
        yield Finding(
            "model-missing",
            "No model is here: search goes by words alone, and answers are passages.",
            f"Type: {pulling(known)}",
            ATTENTION,
        )
    if inference and inference.fault:
        yield Finding("inference", inference.fault, "See: postdevai models", UNAVAILABLE)


def repositories(ground: Ground) -> Iterator[Finding]:
    """What is watched in part, on another machine's disk, or not at all."""
    if ground.known is None:
        return
    for watched in ground.known.repositories:
        if watched.state in KEPT_STATES:
            continue
        limited = "in part" in watched.state
        elsewhere = "others may change" in watched.state
        name = "watched-in-part" if limited else "network-mount" if elsewhere else "watch-failed"
        yield Finding(
            name,
            f"{watched.path}: {watched.state.rstrip('.')}.",
            MORE_WATCHES
            if limited
            else "Nothing is lost: it is compared now and then. A copy on this machine's own disk "
            "is followed at once."
            if elsewhere
            else f"Look whether it is there: ls {watched.path}. If it is to go: postdevai unwatch",
            ATTENTION if limited or elsewhere else UNAVAILABLE,
        )


def nodes(ground: Ground) -> Iterator[Finding]:
    """Nodes that the Coordinator has not heard of for longer than their lease."""
    for node in ground.known.nodes if ground.known else ():
        if node.state == "serving" and node.lease_s < 0 and not node.put_out:
            yield Finding(
                "node-silent",
                f"The {node.role} node at {node.address} said last that it serves, and is silent.",
                "Look whether that machine is on: postdevai nodes",
                UNAVAILABLE,
            )


def followers(ground: Ground) -> Iterator[Finding]:
    """Dragons that follow another one and could not take its place now."""
    known = ground.known.nodes if ground.known else ()
    for node in known:
        if said := lags(node, known):
            where = f" on {node.machine}" if node.machine else f" at {node.address}"
            yield Finding(
                "follower-behind",
                f"The Dragon{where} could not take the place of the one that it follows: "
                f"{said[0].lower()}{said[1:]}.",
                "Look again in a minute: postdevai nodes. If it stays so, there: postdevai service "
                "logs dragon",
                ATTENTION,
            )


def near(ground: Ground) -> Iterator[Finding]:
    """What this laptop keeps for when it is away. Before the first time it is empty: no fault."""
    kept = ground.known.near if ground.known else None
    if kept is not None and kept.as_of_ms and kept.sentence:
        said = kept.sentence
        yield Finding("near", said, "It mends itself with the Dragon; see its log.", ATTENTION)


def _because(why: str) -> str:
    return f", because {why}" if why else ""

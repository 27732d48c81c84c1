"""How things stand, told so that a newcomer understands it."""

from __future__ import annotations

from collections.abc import Iterator

from common.model.answer import ProjectFreshness
from common.model.laptop import Circuit, LaptopStatus, NearStatus, WatchedRepository
from common.model.llm import InferenceStats, Model
from common.model.node import Node
from developer_node.front.output_needs import needs, pulling
from developer_node.front.output_page import Line, Span, line
from developer_node.front.output_words import ago, count, percent, size

NO_GIT = "This is no git repository: every file below it is recorded, but for what is kept out."
DOES = {
    "coordinator": "who is there, who may",
    "dragon": "the lake and the models",
    "developer": "a laptop",
    "tool": "a tool",
}


def story(now: LaptopStatus, paused: str = "", now_ms: int = 0) -> list[Line]:
    """What is running, what is watched, what waits, where it all lies, what needs the person.

    `paused` is why nothing is recorded now; empty when it is.
    """
    return [
        *nodes(now.nodes, now.node),
        *_absences(now),
        *_near(now.near, now_ms),
        line(),
        *_repositories(now),
        *_recording(paused),
        *_outbox(now),
        *_relayed(now.circuits),
        *_lake(now),
        *_models(now.models),
        *_memory(now.inference),
        line(),
        *needs(now, paused),
    ]


def nodes(known: tuple[Node, ...], own: str) -> list[Line]:
    """One line a node; `own` is the id of this laptop's."""
    if not known:
        return [line(Span("No node is known.", "yellow"))]
    width = max(len(node.address or "Unix socket") for node in known)
    mine = next((each for each in known if each.role == "developer" and each.id == own), None)
    return [_node(node, width, mine) for node in known]


def _node(node: Node, width: int, mine: Node | None) -> Line:
    alive = node.state == "serving" and node.lease_s >= 0
    state = node.state if alive or node.state != "serving" else "silent"
    if node.put_out:
        alive, state = False, "put out"
    about = ["this laptop" if node is mine else DOES[node.role]]
    if node.machine and (mine is None or node.machine != mine.machine):
        about.append(f"on {node.machine}")
    if node.pid:
        about.append(f"pid {node.pid}")
    if node.load.rss_bytes:
        about.append(size(node.load.rss_bytes))
    return line(
        Span(f"{node.role.capitalize():<12}", "bold"),
        Span(f"{state:<9}", "green" if alive else "red"),
        f"{node.address or 'Unix socket':<{width}}  ",
        Span(" · ".join(about), "dim"),
    )


def _absences(now: LaptopStatus) -> Iterator[Line]:
    if now.put_out:
        yield line(
            Span("This laptop was put out of its mesh, and nobody there takes it in.", "red")
        )
        yield line("What is recorded is kept here and is not sent.")
        return
    if now.coordinator_unavailable:
        why = now.coordinator_unavailable.removeprefix("the Coordinator cannot be used: ")
        yield line(Span(f"The Coordinator is away: {why}", "yellow"))
    if now.dragon_unavailable:
        yield line(Span(f"The Dragon is away: {now.dragon_unavailable}", "red"))
        yield line("What is recorded waits here and is sent when it is back.")


def _near(near: NearStatus | None, now_ms: int) -> Iterator[Line]:
    """What this laptop can say alone; told while that is what it does."""
    if near is None or not near.away:
        return
    holds = f"{count(near.symptoms, 'failure')} and {count(near.events, 'event')}"
    age = f", as of {ago(near.as_of_ms, now_ms)}" if near.as_of_ms and now_ms else ""
    yield line(Span(f"Away: this laptop answers by itself from {holds}{age}.", "yellow"))
    if near.sentence:
        yield line(Span(near.sentence, "yellow"))


def _recording(paused: str) -> Iterator[Line]:
    if paused:
        yield _row("Recording", Span(paused.removeprefix("Recording is "), "yellow"))


def _lake(now: LaptopStatus) -> Iterator[Line]:
    stats = now.lake
    if stats is None:
        why = (
            "here: the Dragon answers this laptop no more"
            if now.put_out
            else "while the Dragon is away"
        )
        yield _row("Lake", Span(f"not known {why}", "yellow"))
        return
    where = Span(f"in RAM ({stats.back_end})", "green")
    if not stats.ram:
        where = Span(f"NOT RAM ({stats.back_end} at {stats.path})", "bold red")
    yield _row("Lake", f"{size(stats.bytes)} of {size(stats.budget_bytes)} ", where)
    vectors = percent(stats.freshness.vectors_share) if stats.chunks else "none yet"
    holds = [
        count(stats.files, "file"),
        f"{count(stats.chunks, 'chunk')} (vectors {vectors})",
        count(stats.events, "event"),
        count(stats.failures, "failure"),
    ]
    yield _row("", " · ".join(holds))


def _outbox(now: LaptopStatus) -> Iterator[Line]:
    waits = now.outbox
    if not waits.waiting and not waits.spooled:
        yield _row("Outbox", "empty: all is with the Dragon")
    else:
        how = "kept here, and not sent" if now.put_out else "waiting for the Dragon"
        said = f"{count(waits.waiting, 'record')} {how}"
        if waits.spooled:
            said += f", {count(waits.spooled, 'recorded command')} to be read"
        yield _row("Outbox", Span(said, "yellow" if now.dragon_unavailable else ""))


def _relayed(circuits: tuple[Circuit, ...]) -> Iterator[Line]:
    names = [each.name for each in circuits if each.relayed]
    if names:
        yield _row("Relay", f"the Coordinator carries the calls, sealed: {', '.join(names)}")


def _models(models: tuple[Model, ...]) -> Iterator[Line]:
    here = [m for m in models if m.state != "missing"]
    absent = [m for m in models if m.state == "missing"]
    speaks = any(m.purpose != "embedding" for m in here)
    shown = here if speaks else [*here, *absent[:2]]
    for number, model in enumerate(shown):
        yield _row(
            "" if number else "Models",
            f"{model.name} ({model.purpose}) ",
            Span(model_state(model), "green" if model.state in ("ready", "loaded") else "yellow"),
        )

    if left := len(models) - len(shown):
        yield _row("", Span(f"{left} more can be had: postdevai models", "dim"))


def _memory(stats: InferenceStats | None) -> Iterator[Line]:
    if stats is None:
        return
    used = sum(share.bytes for share in stats.shares)
    said = f"{size(used)} of {size(stats.memory_bytes)} spoken for"
    if stats.running or stats.waiting:
        said += f" · {stats.running} running, {stats.waiting} waiting"
    yield _row("Memory", said, Span(f"  {stats.fault}" if stats.fault else "", "red"))


def model_state(model: Model) -> str:
    """ready, loaded, "model 40 %", or what to do."""
    match model.state:
        case "arriving":
            return f"model {percent(model.progress)}"
        case "missing":
            return f"missing; {model.detail or f'type: {pulling((model,))}'}"
        case "failed":
            return f"failed: {model.detail}" if model.detail else "failed"
        case _:
            return model.state


def _repositories(now: LaptopStatus) -> Iterator[Line]:
    known = {p.copy: p for p in now.lake.freshness.projects} if now.lake else {}
    if not now.repositories:
        yield _row("Watched", "nothing yet; type: postdevai watch DIR")
    for number, watched in enumerate(now.repositories):
        said = repository_state(watched, known.get(watched.working_copy))
        yield _row("" if number else "Watched", Span(watched.path, "cyan"), f"  {said}")


def repository_state(watched: WatchedRepository, known: ProjectFreshness | None) -> str:
    """How far one repository has come, in a phrase."""
    if watched.files < 0:
        return watched.state
    parts = [watched.state, count(watched.files, "file")]
    if watched.skipped:
        parts.append(f"{watched.skipped} left out")
    if known and known.files_behind > 0:
        parts.append(f"{count(known.files_behind, 'file')} behind")
    elif known and known.files_behind == 0:
        parts.append(f"indexed at {known.indexed_commit[:7] or 'no commit'}")
    return ", ".join(parts)


def _row(label: str, *parts: str | Span) -> Line:
    return line(Span(f"{label:<12}", "bold"), *parts)

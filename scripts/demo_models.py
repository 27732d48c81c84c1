"""The demo's act with a model: another node of the mesh asks the Dragon's directly."""

from __future__ import annotations

import json
import sys
from asyncio import gather
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from demo_stage import Stage, Untrue

from common.clients.inference import InferenceClient
from common.clients.membership import Membership
from common.model.llm import ChatMessage, Generated, GenerationRequest
from common.rpc.credentials import NodeIdentity

MODEL = "smollm2-135m-instruct"
THERE = ("ready", "loaded")
TOKENS_MAX = 200
CAUSES = ("arithmetic", "lookup", "network")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "cause": {"enum": list(CAUSES)},
        "line": {"type": "integer", "minimum": 1, "maximum": 999},
        "certain": {"type": "boolean"},
    },
    "required": ["cause", "line", "certain"],
    "additionalProperties": False,
}


async def models_act(stage: Stage, failures: Sequence[str]) -> None:
    """`failures` is what failed tests said, one at least."""
    if not await _listed(stage):
        stage.say(f"{MODEL} has not arrived here, so it is asked nothing.")
        return
    async with _another_node(stage) as client:
        await _classified(stage, client, failures)
        await _read_once(stage, client, "\n\n".join(failures))
    loaded = await _models(stage)
    stage.check("the model is in memory now", loaded[MODEL]["state"] == "loaded", loaded[MODEL])


async def _listed(stage: Stage) -> bool:
    stage.say("What `postdevai models list` says:")
    listed = await stage.postdevai("models", "list")
    stage.check("models are listed", listed.code == 0, listed.err)
    for line in listed.out.splitlines():
        print(f"          | {line}".rstrip())
    page = (await stage.postdevai("models", "list", "--json")).json()
    memory, shares = page["stats"]["memory_bytes"], page["stats"]["shares"]
    spoken_for = sum(share["bytes"] for share in shares)
    stage.check("what is spoken for fits the memory", 0 < spoken_for <= memory, page["stats"])
    return any(m["name"] == MODEL and m["state"] in THERE for m in page["models"])


async def _classified(stage: Stage, client: InferenceClient, failures: Sequence[str]) -> None:
    stage.say(f"{len(failures)} failures at once, each to be classified by a JSON Schema:")
    questions = [f"{failure}\n\nWhat kind of failure is this?" for failure in failures]
    answers = await gather(*(_ask(client, q, json_schema=json.dumps(SCHEMA)) for q in questions))
    for failure, (said, last) in zip(failures, answers, strict=True):
        print(f"          | {failure.splitlines()[-1]}: {' '.join(said.split())}")
        stage.check("it is whole", last.finish == "stop", last)
        stage.check("it keeps to the schema, whatever the model thinks", _keeps(said), said)


def _keeps(said: str) -> bool:
    value: Any = json.loads(said)
    return (
        value.keys() == {"cause", "line", "certain"}
        and value["cause"] in CAUSES
        and type(value["line"]) is int
        and 1 <= value["line"] <= 999
        and type(value["certain"]) is bool
    )


async def _read_once(stage: Stage, client: InferenceClient, text: str) -> None:
    before = f"{text}\n\n"
    _, first = await _ask(client, before + "What kind of failure is the first?", max_tokens=8)
    _, again = await _ask(client, before + "What kind of failure is the last?", max_tokens=8)
    stage.say(
        f"Another question about the same text: {again.cached_tokens} of {again.prompt_tokens} "
        "tokens had been read already"
    )
    stage.check(
        "what was read once is not read again", 2 * again.cached_tokens > first.prompt_tokens
    )


async def _ask(
    client: InferenceClient, question: str, *, max_tokens: int = TOKENS_MAX, json_schema: str = ""
) -> tuple[str, Generated]:
    request = GenerationRequest(
        MODEL, (ChatMessage("user", question),), max_tokens, json_schema=json_schema
    )
    pieces = [piece async for piece in client.generate(request)]
    return "".join(piece.text for piece in pieces), pieces[-1]


async def _models(stage: Stage) -> dict[str, Any]:
    page = (await stage.postdevai("models", "list", "--json")).json()
    return {model["name"]: model for model in page["models"]}


@asynccontextmanager
async def _another_node(stage: Stage) -> AsyncGenerator[InferenceClient]:
    """Enrolled with a code of its own, as a second machine would be."""
    invite = (sys.executable, "-m", "coordinator_node", "invite", "developer", "--home", stage.home)
    done = await stage.run(invite, stage.directory)
    if done.code:
        raise Untrue(f"no code for another node: {done.err}")
    directory = stage.directory / "another"
    directory.mkdir(mode=0o700)
    identity = await NodeIdentity.open(directory / "identity", code=done.out.split()[-1])
    async with Membership.open(identity, directory=directory) as membership:
        yield InferenceClient(membership.routed("inference"))

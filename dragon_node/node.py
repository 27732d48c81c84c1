"""The Dragon's composition root: opens lake, models, memory and services, in this order."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from common.alongside import alongside
from common.clients.membership import Membership
from common.clients.replica import LeadClient, Leaders
from common.clients.tasks import TasksClient
from common.daemon.addresses import reachable_at
from common.daemon.home import models_directory
from common.daemon.lifecycle import Running
from common.daemon.load import OwnLoad
from common.daemon.metrics import Measured, open_metrics
from common.daemon.ports import Ports
from common.model.ids import ProjectId
from common.model.node import Capability, id_in
from common.rpc.credentials import NodeIdentity
from common.rpc.server import open_server
from dragon_node.answer.answering import Answering
from dragon_node.answer.retrieval import Retrieval
from dragon_node.answer.suggesting import Suggestions
from dragon_node.config import Config
from dragon_node.failures.following import Following
from dragon_node.failures.material import Material
from dragon_node.failures.memory import FailureMemory
from dragon_node.failures.recall import Recaller
from dragon_node.failures.reception import Reception
from dragon_node.failures.travelling import said
from dragon_node.inference import exact
from dragon_node.inference.budget.machine import read_machine
from dragon_node.inference.opened import open_models
from dragon_node.inference_numbers import inference_numbers
from dragon_node.ingest.chunking import chunk
from dragon_node.ingest.embedding import EmbeddingLoop
from dragon_node.ingest.pipeline import Pipeline
from dragon_node.lake import ramdisk
from dragon_node.lake.lake import Lake
from dragon_node.lake.lead import Lead
from dragon_node.lake.records import Note
from dragon_node.lake.vectors.fastscan import FastScanIndex
from dragon_node.lake.vectors.held import MakeIndex
from dragon_node.lake_numbers import lake_numbers
from dragon_node.models_health import follow_models
from dragon_node.offering import follow_offer
from dragon_node.replica.arriving import Arriving
from dragon_node.replica.following import Follow
from dragon_node.replica.kept import ReplicaFile
from dragon_node.replica.opening import prepared
from dragon_node.replica.succession import Succession, following
from dragon_node.replica.telling import Telling
from dragon_node.service_assistant import AssistantService
from dragon_node.service_door import services
from dragon_node.service_inference import InferenceService
from dragon_node.service_lake import LakeService
from dragon_node.service_replica import ReplicaService
from dragon_node.working.worker import dragons_worker

log = logging.getLogger(__name__)

CAPABILITIES: tuple[Capability, ...] = ("lake", "inference", "assistant")
SERVER_GRACE_S = 2.0
"""Streams to laptops never end by themselves; what is short has ended by then."""
DRAIN_S = 10.0
"""A generation of the lake at the end takes no longer, or is not made."""
SMALL_MACHINE_BYTES = 64 << 30
LAKE_BYTES_MIN = 256 << 20


@asynccontextmanager
async def open_node(config: Config) -> AsyncGenerator[Running]:
    """Serves until the block ends; closes in the reverse order."""
    directory = config.home.directory("dragon")
    identity = await NodeIdentity.join(config.home.identity_directory("dragon"), config.join_file)
    budget_bytes = config.lake_bytes or default_lake_bytes(
        read_machine(config.memory_bytes).memory_bytes
    )
    async with AsyncExitStack() as stack:
        disk = ramdisk.choose(directory, config.ram, budget_bytes)
        log.info(
            "lake at %s ram=%s back_end=%s %s", disk.path, disk.ram, disk.back_end, disk.reason
        )
        memory = FailureMemory()
        own = identity.identity.id
        kept = await prepared(directory, own, lambda: _leaders(identity, directory))
        lead = Lead(following(kept, own))
        lake = await stack.enter_async_context(
            Lake.open(
                directory=directory,
                ram=disk,
                budget_bytes=budget_bytes,
                appliers=(memory,),
                chunker=chunk,
                outputs=config.outputs,
                vectors=vector_index(),
                lead=lead,
            )
        )
        models = await stack.enter_async_context(
            open_models(
                models_directory(),
                directory,
                lake_bytes=budget_bytes,
                memory_bytes=config.memory_bytes,
                prefill_tokens=config.prefill_tokens,
            )
        )
        recaller = Recaller(lake)
        retrieval = Retrieval(lake, models.embedder, recaller)
        reception = Reception(lake, lake.note)
        load = OwnLoad(lambda: models.requests)
        membership = await stack.enter_async_context(
            Membership.open(
                identity,
                capabilities=offered(leads=not lead.following),
                load=load,
                directory=directory,
                seals=True,
            )
        )
        leaders = Leaders(membership, identity.identity)

        async def offer(leads: bool) -> None:
            membership.serve(offered(leads=leads))

        succession = Succession(
            own,
            lake.replication,
            lead,
            LeadClient(membership),
            leaders.follow,
            leaders.is_gone,
            offer,
            lake.wait_applied,
            ReplicaFile(directory),
            kept,
        )

        async def placed(project: str) -> str:
            routes = await membership.resolve("lake", project, task="ingest", fresh=True)
            return id_in(routes[0].identity)

        async def words(project: ProjectId) -> list[Note]:
            return await lake.memory.read(partial(said, project=project))

        arriving = Arriving(own, lake.moving, leaders.tell, placed)
        ports = Ports.of(config.home)
        server, port = await open_server(
            config.host,
            config.port or ports.usual("dragon"),
            identity,
            services(
                LakeService(lake, Pipeline(lake), retrieval.search, recaller),
                InferenceService(models),
                AssistantService(
                    Answering(retrieval, models),
                    Suggestions(lake, recaller),
                    reception.feedback,
                    reception,
                    Material(lake, recaller),
                    Following(lake, recaller),
                ),
                ReplicaService(succession.leading, Telling(lake.moving, placed, words), arriving),
            ),
            membership.guard,
            exact=bool(config.port),
            sealed=membership.sealed,
        )
        stack.push_async_callback(server.stop, SERVER_GRACE_S)
        ports.remember("dragon", port)
        look = partial(reachable_at, config.host, port)
        address = look()[0]
        await membership.announce(address, look)
        embedding = EmbeddingLoop(
            lake, models.embedder, arrived=models.embedder_arrived, quiet=models.quiet
        )
        await stack.enter_async_context(
            alongside(
                embedding.run(),
                follow_models(server, models),
                follow_offer(
                    membership.offer,
                    lake.project_ids,
                    models.catalog,
                    succession.place,
                    hidden=lake.hidden_ids,
                ),
                membership.while_seated(succession.run()),
                membership.while_seated(arriving.run()),
            )
        )

        async def numbers() -> list[Measured]:
            known = (await models.catalog()).models
            return [
                *lake_numbers(await lake.stats()),
                *inference_numbers(await models.stats(), known),
            ]

        metrics = await stack.enter_async_context(open_metrics(ports, "dragon_metrics", numbers))
        async with dragons_worker(TasksClient(membership), lake, models).working():
            yield Running(
                address, {"lake": str(disk.path), "ram": str(disk.ram), "metrics": metrics}
            )
            membership.state = "draining"
        await server.stop(SERVER_GRACE_S)
        await lake.drain(DRAIN_S)


def offered(*, leads: bool) -> tuple[Capability, ...]:
    """A Dragon that follows another one runs models for all; its lake is asked by nobody."""
    return CAPABILITIES if leads else ("inference",)


@asynccontextmanager
async def _leaders(identity: NodeIdentity, directory: Path) -> AsyncGenerator[Follow]:
    async with Membership.open(identity, directory=directory) as membership:
        yield Leaders(membership, identity.identity).follow


def vector_index() -> MakeIndex:
    """A GPU that shares the machine's memory looks at every vector of larger projects too."""
    rows = exact.device_rows()
    if rows is None:
        return FastScanIndex
    return partial(FastScanIndex, rows=rows, exact_below=exact.EXACT_BELOW)


def default_lake_bytes(memory_bytes: int) -> int:
    """A third of the machine's memory from 64 GB up, 12 % below, never under 256 MB."""
    share = memory_bytes // 3 if memory_bytes >= SMALL_MACHINE_BYTES else memory_bytes * 12 // 100
    return max(share, LAKE_BYTES_MIN)

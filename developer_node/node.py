"""The laptop's composition root: opens outbox, watchers, mesh and local API, in this order."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

from common.alongside import alongside
from common.clients.inference import InferenceClient
from common.clients.membership import Membership
from common.clients.sync import SyncClient
from common.clients.tasks import TasksClient
from common.clients.wellness import WellnessClient
from common.clock import SystemClock
from common.daemon.files import write_private
from common.daemon.lifecycle import Running
from common.daemon.load import OwnLoad
from common.errors import PostDevAIError
from common.model.failure import Failure, Suggestion
from common.model.ids import WorkingCopyId
from common.model.laptop import FeedState
from common.model.node import Node
from common.rpc.credentials import NodeIdentity
from common.rpc.server import open_local_server
from common.worker import Worker
from developer_node.autonomy.acting import Acting
from developer_node.away.cards import NearCards
from developer_node.away.opening import AwayMode, Machine
from developer_node.config import Config
from developer_node.feed import Feed
from developer_node.forgetting import Forgetting
from developer_node.importing.importing import Importing
from developer_node.laptop import Laptop
from developer_node.live import follow_cards, follow_state
from developer_node.mining.mining import Mining
from developer_node.near.follow import follow_memory
from developer_node.near.mirror import Mirror
from developer_node.near.waiting import see_waiting
from developer_node.outbox.outbox import Outbox
from developer_node.owner.keeping import open_signing
from developer_node.proof.proofs import Proofs, remove_leftovers
from developer_node.recording import Recording
from developer_node.service_authority import AuthorityDoor
from developer_node.service_capture import CaptureDoor
from developer_node.service_developer import DeveloperService
from developer_node.service_lake import LakeDoor
from developer_node.service_mesh import MeshDoor
from developer_node.service_models import ModelsDoor
from developer_node.service_owner import OwnerDoor
from developer_node.service_remedy import RemedyDoor
from developer_node.service_shared import SharedDoor
from developer_node.service_tasks import TaskDoor
from developer_node.several.beside import beside_each
from developer_node.several.moving import Moving
from developer_node.several.opening import HOME, open_several
from developer_node.several.placing import Placing
from developer_node.several.senders import Senders
from developer_node.several.unmirrored import not_mirrored
from developer_node.shared.exchanging import Exchanging
from developer_node.shared.replica import Replica
from developer_node.shared.seen import SharedReception
from developer_node.shared.sessions import SessionWriter
from developer_node.shared.wishes import SharedWishes
from developer_node.tasks.proving import proving
from developer_node.text import failures, redaction
from developer_node.text.kept_contents import seal_grounds
from developer_node.text.shared_scope import Scopes
from developer_node.text.working_copy import find_root
from developer_node.watch.copies import Redaction, WorkingCopies
from developer_node.watch.head import branch_and_head, head_commit
from developer_node.watch.notices import open_notices
from developer_node.watch.privacy import Privacy
from developer_node.watch.terminal import TerminalWatcher
from developer_node.working import WorkContexts

log = logging.getLogger(__name__)

SERVER_GRACE_S = 1.0
"""A feed never ends by itself; what is short has ended by then."""


@asynccontextmanager
async def open_node(config: Config) -> AsyncGenerator[Running, None]:
    """Watches and serves until the block ends; closes in the reverse order."""
    directory = config.home.directory("developer")
    await asyncio.to_thread(remove_leftovers, directory)
    clock = SystemClock()
    identity = await NodeIdentity.join(
        config.home.identity_directory("developer"), config.join_file
    )
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(seal_grounds, directory / "grounds")
        outbox = await stack.enter_async_context(
            Outbox.open(directory / "outbox.db", bytes_max=config.outbox_bytes)
        )
        known = _Known()
        mirror = await stack.enter_async_context(
            Mirror.open(directory / "near.db", clock=clock, copies=known)
        )
        feed = Feed()
        scopes = Scopes()
        replica = await stack.enter_async_context(
            Replica.open(directory / "shared.db", identity.identity.id, clock)
        )
        wishes = SharedWishes(replica, scopes.of)
        contexts = WorkContexts(directory, known, branch_and_head, clock, wishes)
        notices = open_notices()
        stack.push_async_callback(asyncio.to_thread, notices.close)
        membership = await stack.enter_async_context(
            Membership.open(identity, load=OwnLoad(), directory=directory)
        )
        several = open_several(membership)
        placing = Placing(outbox, several.places.ask)
        await placing.open()
        record = Recording(outbox, placing, feed, [contexts.seen, mirror.seen])
        signing = await open_signing(config.home.root, directory, identity, membership, clock)
        copies = await stack.enter_async_context(
            WorkingCopies.open(
                config.home.root,
                notices=notices,
                record=record,
                memory=outbox,
                redaction=Redaction(redaction.redact, redaction.redact_bytes),
                clock=clock,
            )
        )
        known.of = copies.known
        terminal = TerminalWatcher(
            directory / "spool",
            notices=notices,
            record=record,
            memory=outbox,
            interpret=failures.interpret,
            seen=copies.see,
        )
        lake, assistant = several.lake, several.assistant
        sender = Senders(
            outbox, lake, several.places.lake, placed=placing.dragons, lost=copies.rescan
        )
        moving = Moving(several.places, outbox, placing)
        away = await AwayMode.open(
            Machine(
                config.home.root,
                copies.repositories,
                outbox,
                head_commit,
                redaction.redact_bytes,
                clock,
                partial(
                    *(not_mirrored, several.dragons, several.places.home),
                    *(placing, copies.repositories),
                ),
            ),
            lake,
            assistant,
            mirror,
            WellnessClient(membership.routed("lake")).look,
        )

        acting = Acting(
            home=config.home.root,
            dragon=assistant,
            lake=lake,
            record=record,
            known=copies.known,
            recent=feed.event,
            interpret=failures.interpret,
            redact=redaction.redact,
            clock=clock,
            ceiling=wishes.ceiling,
        )
        proofs = Proofs(
            home=config.home.root,
            dragon=away.desk,
            contents=lake,
            record=record,
            known=copies.known,
            redact=redaction.redact,
            interpret=failures.interpret,
            clock=clock,
        )
        importing = Importing(
            home=config.home.root,
            record=record,
            memory=outbox,
            redact=redaction.redact,
            clock=clock,
        )

        cards = NearCards(
            mirror,
            away.presence,
            feed.publish,
            acting.allowed,
            lambda: away.lake.away("mirror"),
            clock,
        )
        record.listeners.append(cards.seen)

        async def shown(card: Suggestion) -> Suggestion | None:
            if replica.seen(card.id):
                return None
            cards.shown(card, feed.event(card.event_id))
            return await acting.shown(card)

        async def others_cards(dragon: str) -> None:
            await follow_cards(several.places.assistant(dragon), feed, shown)

        async def state() -> FeedState:
            waits = await outbox.status()
            said = (waits.sentence, membership.sentence, sender.sentence)
            sentence = " ".join(s for s in said if s)
            return FeedState(sender.connected, membership.connected, waits.waiting, sentence)

        sync = SyncClient(membership)
        exchanging = Exchanging(replica, sync, clock)
        sessions = SessionWriter(sync, contexts.get, scopes.of, os.uname().nodename, clock)
        await stack.enter_async_context(
            alongside(
                terminal.run(),
                membership.while_seated(sender.run()),
                membership.while_seated(moving.run()),
                signing.run(),
                membership.while_seated(follow_cards(assistant, feed, shown)),
                membership.while_seated(beside_each(lambda: outbox.lanes, others_cards)),
                acting.run(),
                follow_state(state, feed),
                away.run(),
                cards.run(),
                see_waiting(outbox, mirror),
                membership.while_seated(follow_memory(assistant, mirror)),
                membership.while_seated(exchanging.run()),
                membership.while_seated(sessions.run()),
            )
        )
        laptop = Laptop(
            me=lambda: _me(identity),
            lake=away.lake,
            models=InferenceClient(membership.routed("inference")),
            assistant=away.assistant,
            mesh=signing,
            copies=copies,
            outbox=outbox,
            feed=feed,
            contexts=contexts,
            spooled=lambda: terminal.waiting,
            record=lambda event: record([(event, {})]),
            redact=redaction.redact,
            parse=_parse,
            head=head_commit,
            clock=clock,
            refusal=lambda: sender.refusal,
            near=away.status,
            closed=lambda directory: Privacy(config.home.root, directory).closed(),
            circuits=membership.circuits,
        )
        socket = config.home.runtime_directory() / "developer.sock"
        token, token_file = secrets.token_urlsafe(32), directory / "token"
        write_private(token_file, token.encode())
        # The other questions to the lake are DeveloperService's, which knows how fresh they are.
        door = LakeDoor(  # pyright: ignore[reportAbstractUsage]
            membership.routed("lake", task=HOME),
            Forgetting(
                outbox,
                lambda: terminal.waiting,
                directory,
                copies.known,
                {"mirror": mirror, "answers": away},
            ),
            (mirror.kept, away.kept, away.verdicts.kept, replica.kept),
            several.everywhere,
            several.others,
            several,
        )
        models = ModelsDoor(  # pyright: ignore[reportAbstractUsage]
            membership.routed("inference"), lambda model: membership.routed("inference", "", model)
        )
        service = DeveloperService(laptop)
        reception = SharedReception(away.desk, replica)
        remedies = RemedyDoor(proofs, Mining(), acting, reception, clock)
        capture = CaptureDoor(importing, copies)
        shared = SharedDoor(replica, lambda: exchanging.sentence, lambda: sessions.known)
        mesh = MeshDoor(membership, moving.move)  # pyright: ignore[reportAbstractUsage]
        tasks = TaskDoor(membership)  # pyright: ignore[reportAbstractUsage]
        owner = OwnerDoor(signing)
        authority = AuthorityDoor(membership)  # pyright: ignore[reportAbstractUsage]
        doors = (service, door, models, remedies, mesh, capture, shared, tasks, owner, authority)
        server = await open_local_server(
            socket, token, lambda served: [each.add(served) for each in doors]
        )
        stack.push_async_callback(server.stop, SERVER_GRACE_S)
        await _watch(copies, config.repositories)
        worker = Worker(TasksClient(membership), {"prove": proving(proofs)})
        async with worker.working():
            yield Running(str(socket), {"socket": str(socket), "token_file": str(token_file)})
            membership.state = "draining"


class _Known:
    """The working copies of this machine; none before they are open, though they record while
    they open."""

    def __init__(self) -> None:
        self.of: Callable[[], dict[str, WorkingCopyId]] = dict

    def __call__(self) -> dict[str, WorkingCopyId]:
        return self.of()


async def _watch(copies: WorkingCopies, paths: Sequence[Path]) -> None:
    """A repository that cannot be watched does not keep the others from it."""
    for path in paths:
        try:
            await copies.watch(os.fspath(path))
        except PostDevAIError as error:
            log.error("cannot watch: %s path=%s", error.message, path)


def _parse(text: str, cwd: str) -> Failure | None:
    root = find_root(Path(cwd)) if cwd else None
    return failures.from_text(text, cwd, str(root) if root else "")


def _me(identity: NodeIdentity) -> Node:
    mine = identity.identity
    return Node(mine.role, mine.id, "", "serving", 0.0, version("postdevai"), os.getpid())

"""What a node begins to offer in the moment in which it registers is told all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from common.clients.registry import Hello, Registration, RegistryClient
from tests.support.small_mesh import SmallMesh, open_member

WAIT_S = 60


async def test_what_is_offered_while_the_welcome_comes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Dragon that came to lead just then was there, and nobody was sent to it any more."""
    async with asyncio.timeout(WAIT_S), SmallMesh.open(tmp_path) as mesh:
        identity = await mesh.join("dragon")
        register = RegistryClient.register
        async with open_member(identity, mesh.directory("dragon"), ("inference",)) as membership:

            @asynccontextmanager
            async def registered(
                client: RegistryClient, hello: Hello
            ) -> AsyncGenerator[Registration]:
                async with register(client, hello) as registration:
                    membership.serve(("lake", "inference"))
                    yield registration

            await mesh.stop()
            await membership.wait_until(connected=False)
            monkeypatch.setattr(RegistryClient, "register", registered)
            await mesh.start()
            await membership.wait_until(connected=True)
            while (await membership.nodes())[-1].capabilities != ("lake", "inference"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

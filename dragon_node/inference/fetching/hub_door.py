"""What huggingface_hub is asked: what a commit holds, and the bytes of a file from where we are.

Its own download of whole files throws half a file away since 2.0, so only its transport is used.
"""

from __future__ import annotations

import errno
import hashlib
import importlib
import io
import os
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.errors import Corrupt, Denied, Invalid, Missing, OverLimit, PostDevAIError, Unavailable
from dragon_node.inference.catalog.entries import Hub

ENVIRONMENT = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
LISTING_S = 20.0
PIECE = 1 << 20
"""Bytes that are lost at most when the connection is cut."""
COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
LATER = "pull again when this machine is connected; what has arrived stays"


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a commit, as the hub describes it."""

    name: str
    bytes: int
    hash: str
    """sha256 of the content, or for small files the sha1 that git knows it by."""
    is_sha256: bool

    def hash_of(self, path: Path) -> str:
        """What `hash` would be for the bytes that are there."""
        with path.open("rb") as file:
            if self.is_sha256:
                return hashlib.file_digest(file, "sha256").hexdigest()
            blob = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
            while piece := file.read(PIECE):
                blob.update(piece)
            return blob.hexdigest()


def listing(hub: Hub) -> tuple[str, tuple[HubFile, ...]]:
    """The commit that a revision is now, and every file of it."""
    with _refusals(hub):
        api: Any = _library("huggingface_hub").HfApi(endpoint=_endpoint())
        info: Any = api.model_info(
            hub.id, revision=hub.revision, files_metadata=True, timeout=LISTING_S
        )
    commit = str(info.sha)
    if COMMIT.fullmatch(commit) is None:
        raise Corrupt(f"the hub calls the commit of {hub} {commit[:80]!r}", hint="pull again")
    return commit, tuple(_file(hub, sibling) for sibling in info.siblings or ())


def download(
    hub: Hub, commit: str, file: HubFile, part: Path, grown: Callable[[int], None]
) -> None:
    """Appends to `part` what is missing of it; `grown` hears its size. Resumes after a cut."""
    with _refusals(hub), _Growing(part, grown) as growing:
        if file.bytes == 0:
            return
        door: Any = _library("huggingface_hub.file_download")
        door.constants.DOWNLOAD_CHUNK_SIZE = PIECE
        headers = _library("huggingface_hub.utils").build_hf_headers()
        door.http_get(
            door.hf_hub_url(hub.id, file.name, revision=commit, endpoint=_endpoint()),
            growing,
            resume_size=growing.tell(),
            headers=headers | {"Accept-Encoding": "identity"},  # a range of the file's own bytes
            expected_size=file.bytes,
            displayed_filename=file.name,
        )


class _Growing(io.FileIO):
    """A file that is appended to and says how long it is; unbuffered, so that nothing is lost."""

    def __init__(self, path: Path, grown: Callable[[int], None]) -> None:
        super().__init__(path, "ab")
        self._grown = grown

    def write(self, data: Any, /) -> int:
        """All of it: a raw file may take less at a time."""
        rest = memoryview(data)
        while rest:
            rest = rest[super().write(rest) or 0 :]
        self._grown(self.tell())
        return len(data)


def _library(name: str) -> Any:
    os.environ.update(ENVIRONMENT)
    return importlib.import_module(name)


def _endpoint() -> str | None:
    """A mirror that the person chose; None is the library's own."""
    return os.environ.get("HF_ENDPOINT") or None


def _file(hub: Hub, sibling: Any) -> HubFile:
    name, size = str(sibling.rfilename), sibling.size
    hashed = sibling.lfs.sha256 if sibling.lfs is not None else sibling.blob_id
    if size is None or not hashed:
        raise Unavailable(
            f"the hub says neither size nor hash of {name} of {hub}",
            hint="such a file could not be verified; name another model or hub",
        )
    return HubFile(name, int(size), str(hashed), is_sha256=sibling.lfs is not None)


@contextmanager
def _refusals(hub: Hub) -> Generator[None]:
    """Turns the library's errors into ours; the text of a page is no sentence for a person."""
    errors: Any = _library("huggingface_hub.errors")
    transport: Any = _library("httpx2")
    try:
        yield
    except errors.GatedRepoError as why:
        raise Denied(
            f"{hub.id} is given only to who accepted its terms",
            hint=f"accept them at the hub's page of {hub.id}, then set HF_TOKEN for the Dragon",
        ) from why
    except errors.RepositoryNotFoundError as why:
        raise Missing(
            f"the hub has no {hub.id}, or does not show it to this machine",
            hint="check its spelling; for a private one set HF_TOKEN for the Dragon",
        ) from why
    except (errors.RevisionNotFoundError, errors.EntryNotFoundError) as why:
        raise Missing(
            f"{hub.id} has no {hub.revision!r}", hint="name a branch that it has"
        ) from why
    except errors.HFValidationError as why:
        raise Invalid(f"{hub.id} is no name on a hub", field="source") from why
    except errors.OfflineModeIsEnabled as why:
        raise Unavailable(
            f"{hub} is not fetched: HF_HUB_OFFLINE is set", hint="unset it and start again"
        ) from why
    except errors.HfHubHTTPError as why:
        raise _status(hub, why.response.status_code) from why
    except (transport.ConnectError, transport.ConnectTimeout) as why:
        reason = str(why) or type(why).__name__
        raise Unavailable(
            f"offline: no hub can be reached for {hub}: {reason}", hint=LATER
        ) from why
    except transport.TransportError as why:
        reason = str(why) or type(why).__name__
        raise Unavailable(f"the hub went silent over {hub}: {reason}", hint=LATER) from why
    except OSError as why:
        raise _broken(hub, why) from why


def _status(hub: Hub, status: int) -> PostDevAIError:
    if status in (401, 403):
        return Denied(
            f"the hub refuses {hub.id} (HTTP {status})", hint="set HF_TOKEN for the Dragon"
        )
    if status == 404:
        return Missing(f"the hub has no {hub}", hint="check its spelling")
    return Unavailable(f"the hub answers HTTP {status} for {hub}", hint="pull again later")


def _broken(hub: Hub, why: OSError) -> PostDevAIError:
    if why.errno in (errno.ENOSPC, errno.EDQUOT):
        return OverLimit(
            f"the disk is full while {hub} arrives", hint="free some space; pull again"
        )
    return Unavailable(f"{hub} stopped arriving: {why}", hint="pull again; what has arrived stays")

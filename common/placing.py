"""Under which id a repository is placed: as the first Dragon that hears of it would name it."""

from __future__ import annotations

from common.model.event import WorkingCopySeen
from common.model.ids import ProjectId, WorkingCopyId, short_hash

_DOORS = {
    "ssh.github.com:443": "github.com",
    "altssh.gitlab.com:443": "gitlab.com",
    "altssh.bitbucket.org:443": "bitbucket.org",
}
_CASELESS = frozenset({"github.com", "gitlab.com", "bitbucket.org", "codeberg.org"})


def canonical(remote: str) -> str:
    """One spelling of a remote: hosts that take names in any case, and their doors on port 443."""
    host, slash, path = remote.partition("/")
    host = _DOORS.get(host, host)
    return host + slash + (path.lower() if host in _CASELESS else path)


def evident_project(copy: WorkingCopyId, seen: WorkingCopySeen) -> ProjectId:
    """By its remotes, else by its root commits, else by where it lies. A Dragon that knows more
    may name it otherwise: what was placed under this id stays where it is."""
    if seen.remotes:
        return ProjectId(
            short_hash("project", "remote", *sorted(set(map(canonical, seen.remotes))))
        )
    if seen.roots and not seen.shallow:
        return ProjectId(short_hash("project", "roots", *sorted(set(seen.roots))))
    return ProjectId(short_hash("project", "path", copy))

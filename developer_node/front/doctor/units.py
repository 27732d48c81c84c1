"""Units of systemd or launchd: whole, of this HOME, with a program that is there, and at work."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from common.daemon.locks import is_held
from common.errors import Corrupt, Missing
from developer_node.front.doctor.finding import (
    ATTENTION,
    CORRUPT,
    NOT_INSTALLED,
    UNAVAILABLE,
    Finding,
    Ground,
)
from developer_node.front.service.files import of_home


def units(ground: Ground) -> Iterator[Finding]:
    """What the files say."""
    for unit in ground.units:
        if unit.fault:
            yield Finding(
                "unit-broken",
                f"{unit.path} is no unit of ours any more: {unit.fault}.",
                f"Type: postdevai service install {unit.role}, or remove it: postdevai doctor "
                "--fix",
                CORRUPT,
            )
        elif unit.program is not None and not unit.program.exists():
            yield Finding(
                "unit-program",
                f"{unit.path} starts {unit.program}, which is not there.",
                f"Type: postdevai service install {unit.role}, or remove it: postdevai doctor "
                "--fix",
                NOT_INSTALLED,
            )
        elif not of_home(unit, ground.home.root) and ground.lives_here(unit.role):
            yield Finding(
                "unit-of-another-home",
                f"{unit.path} runs the {unit.role} node of {unit.home}; the one of "
                f"{ground.home.root} cannot be a service beside it.",
                "Leave it so and start this one with `postdevai up`, or type: "
                f"POSTDEVAI_HOME={shlex.quote(str(unit.home))} postdevai service uninstall "
                f"{unit.role}",
                ATTENTION,
            )


def upgrade(ground: Ground) -> Iterator[Finding]:
    """An upgrade that was cut off; while one runs, it is its own matter."""
    from developer_node.front.upgrade import record

    if is_held(ground.home.root / "upgrade.lock"):
        return
    try:
        made = record.read(ground.home)
    except Missing:
        return
    except Corrupt as error:
        yield Finding(
            "upgrade-broken",
            f"{error.message}.",
            f"Move it away; the copy of the state beside it stays: {record.directory(ground.home)}",
            CORRUPT,
        )
        return
    if made.state == "copied":
        yield Finding(
            "upgrade-unfinished",
            f"The upgrade from {made.from_version} to {made.to_version} was cut off.",
            "Type: postdevai upgrade --back, and then upgrade again",
            UNAVAILABLE,
        )


def services(ground: Ground) -> Iterator[Finding]:
    """What their manager says of those of this HOME."""
    for each in ground.services:
        found, standing = each.found, each.standing
        if found is None or standing is None or found.fault:
            continue
        logs = f"See why: postdevai service logs {each.role}"
        if standing.state == "unknown":
            yield Finding(
                "service-unknown",
                f"The {each.role} node is installed as a service, and the service manager does "
                f"not tell of it: {standing.why.rstrip('.')}.",
                "Log in as the person whose service it is, or type: postdevai service uninstall "
                f"{each.role}",
                ATTENTION,
            )
            continue
        if standing.state == "failed":
            how = f"its last process ended with {standing.last_exit}" if standing.last_exit else ""
            yield Finding(
                "service-failed",
                f"The service of the {each.role} node has failed: "
                f"{how or standing.why or 'it does not stay'}.",
                f"{logs}. Then: postdevai service start {each.role}",
                UNAVAILABLE,
            )
        elif each.role in ground.ready and standing.pid != ground.ready[each.role].pid:
            yield Finding(
                "service-beside-up",
                f"The {each.role} node was started by hand (pid {ground.ready[each.role].pid}), "
                "although it is installed as a service: nobody starts it again when it dies.",
                f"Type: postdevai down, then postdevai service start {each.role}",
                ATTENTION,
            )
        if not standing.enabled:
            yield Finding(
                "service-disabled",
                f"The service of the {each.role} node does not start by itself.",
                f"Type: postdevai service install {each.role}",
                ATTENTION,
            )

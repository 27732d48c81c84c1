"""Nothing is allowed that no rule allows, and a rule names every method of every service."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from google.protobuf.descriptor import FileDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

import common.pb.postdevai.v1 as generated
from common.errors import Denied
from common.rpc import policy
from common.rpc.policy import Right

ALL: tuple[Right, ...] = (
    "coordinator",
    "dragon",
    "developer",
    "tool",
    "admin",
    "owner",
    "anyone",
)


TABLE = policy.table()
"""What the rules come to."""


def methods_of(file: FileDescriptor) -> set[str]:
    return {
        f"/{service.full_name}/{method.name}"
        for service in file.services_by_name.values()
        for method in service.methods
    }


def every_method() -> set[str]:
    """From the generated descriptors, so that a new proto cannot be forgotten here."""
    names = sorted(path.stem for path in Path(generated.__path__[0]).glob("*_pb2.py"))
    modules = [importlib.import_module(f"{generated.__name__}.{name}") for name in names]
    files = [module.DESCRIPTOR for module in (*modules, health_pb2, reflection_pb2)]
    return set[str]().union(*(methods_of(file) for file in files))


def test_every_method_of_every_service_is_in_a_rule_and_no_other() -> None:
    assert set(TABLE) == every_method()
    assert len(TABLE) > 30


@pytest.mark.parametrize("method", sorted(TABLE))
def test_a_method_is_denied_to_every_right_that_is_not_written_beside_it(method: str) -> None:
    assert TABLE[method], "a method that nobody may call should not be served"
    for right in ALL:
        if right in TABLE[method]:
            policy.check(method, frozenset((right,)))
        else:
            with pytest.raises(Denied):
                policy.check(method, frozenset((right,)))


def test_an_unknown_method_is_denied_to_all_rights_together() -> None:
    with pytest.raises(Denied):
        policy.check("/postdevai.v1.LakeService/Drop", frozenset(ALL))


@pytest.mark.parametrize(
    ("method", "rights"),
    [
        ("AuthorityService/Invite", {"admin"}),
        ("LakeService/Ingest", {"developer"}),
        ("RegistryService/Register", {"dragon", "developer"}),
        ("EnrolmentService/Enrol", {"anyone"}),
        ("DeveloperService/Status", {"owner"}),
    ],
)
def test_the_doors_that_matter_most(method: str, rights: set[str]) -> None:
    """Written twice on purpose: a slip in a rule is seen here."""
    assert TABLE[f"/postdevai.v1.{method}"] == rights


@pytest.mark.parametrize("name", sorted(policy.BY_ADMINS))
def test_a_laptop_that_is_no_admins_is_told_whose_may_and_what_to_type(name: str) -> None:
    with pytest.raises(Denied, match="only an admin's may") as refused:
        policy.check(f"/postdevai.v1.{name}", frozenset(("developer",)))
    assert "Service/" not in refused.value.message
    assert "on the Coordinator's machine: coordinator-node " in refused.value.hint
    policy.check(f"/postdevai.v1.{name}", frozenset(("developer", "admin")))  # the control

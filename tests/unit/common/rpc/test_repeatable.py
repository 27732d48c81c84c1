"""Every call says whether it may be sent twice, and those that may not are known by name."""

from __future__ import annotations

import pytest

from common.rpc import policy
from common.rpc.repeatable import is_repeatable, methods

ONCE = {
    "AssistantService/Feedback",  # counted
    "AuthorityService/Invite",  # makes a code
    "AuthorityService/Leave",  # whoever has left is refused
    "DeveloperService/Feedback",
    "DeveloperService/Invite",
    "DeveloperService/RecordEditor",  # makes an event
    "EnrolmentService/Challenge",  # uses up a nonce
    "EnrolmentService/Enrol",  # uses up a code
    "EnrolmentService/Renew",
    "LakeService/Backup",
    "LakeService/Restore",
    "LakeService/Snapshot",
    "RelayService/Call",  # nobody knows what is in it
    "RelayService/Listen",
    "RelayService/Send",
    "RelayService/Talk",
    "RemedyService/Prove",  # runs commands
    "RemedyService/RevertAct",
    "TaskService/ClaimTasks",  # what one is given no other gets
    "TaskService/RetryTask",  # begins to count anew
    "SharedService/PutShared",  # makes a note
}


def test_what_may_be_sent_once_only_is_this() -> None:
    assert {name for name in methods() if not is_repeatable(name)} == ONCE


def test_it_knows_every_call_that_anybody_may_make() -> None:
    ours = {name.removeprefix("/postdevai.v1.") for name in policy.table() if "/postdevai." in name}
    assert ours == set(methods())


def test_a_call_that_does_not_exist_is_no_question() -> None:
    with pytest.raises(KeyError):
        is_repeatable("LakeService/Nothing")

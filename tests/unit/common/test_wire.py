"""Every noun crosses the wire and comes back as it was."""

from __future__ import annotations

import dataclasses

import pytest
from google.protobuf.message import Message

from common.errors import Invalid
from common.model.event import CommandFinished, Event, Ground, Output, PathChange
from common.model.failure import Failure, Frame, TestReport
from common.model.ids import ContentHash, EventId, Fingerprint, WorkingCopyId
from common.pb.postdevai.v1 import event_pb2
from common.wire.nouns import PAIRS, event_from_pb, event_to_pb


@pytest.mark.parametrize(("noun", "message"), PAIRS, ids=lambda x: x.__name__)
def test_a_noun_and_its_message_have_the_same_fields(noun: type, message: type[Message]) -> None:
    """A field on one side alone would be lost in silence."""
    descriptor = message.DESCRIPTOR
    ours = {f.name for f in dataclasses.fields(noun)}
    theirs = {f.name for f in descriptor.fields if not f.containing_oneof}
    theirs |= {o.name for o in descriptor.oneofs}
    assert ours == theirs


def test_an_event_comes_back_as_it_was() -> None:
    event = Event(
        EventId("0" * 32),
        1,
        WorkingCopyId("a"),
        CommandFinished(
            "pytest",
            "/x",
            (1, 2),
            30,
            Output("E  boom", 7, 0),
            Ground(
                head="h", changes=(PathChange("p", "", "n", ContentHash(""), ContentHash("c")),)
            ),
            (
                Failure(
                    "pytest",
                    "AssertionError",
                    "test",
                    "m",
                    "n",
                    frames=(Frame("a.py", "f", 3, True),),
                    fingerprint=Fingerprint("f"),
                ),
            ),
            TestReport(failed=("t",), failed_count=1),
        ),
    )
    assert (
        event_from_pb(event_pb2.Event.FromString(event_to_pb(event).SerializeToString())) == event
    )


def test_an_event_without_a_body_is_invalid_and_the_field_is_named() -> None:
    with pytest.raises(Invalid) as caught:
        event_from_pb(event_pb2.Event(id="x"))
    assert caught.value.field == "event.body"


def test_a_word_that_is_not_known_is_invalid_and_the_field_is_named() -> None:
    message = event_pb2.Event(git_operation=event_pb2.GitOperation(operation="frobnicate"))
    with pytest.raises(Invalid) as caught:
        event_from_pb(message)
    assert caught.value.field == "event.body.operation"

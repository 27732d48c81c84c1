"""Carries a dataclass into the message of the same fields and back, by one rule for all nouns.

The rule: a field's name is the same on both sides. A union of dataclasses is the oneof of that
name, its members told apart by message type; `X | None` is an optional message; a Literal of
strings is a string or an enum whose values end in the word. The unit tests hold every pair of
noun and message to it, so a field that exists on one side alone is found there.
"""

from __future__ import annotations

import dataclasses
import operator
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from common.errors import Invalid

M = TypeVar("M", bound=Message)
D = TypeVar("D")


def to_pb(value: object, message: type[M]) -> M:
    """A new message with the fields of `value`."""
    target = message()
    fill_pb(value, target)
    return target


def fill_pb(value: object, target: Message) -> None:
    """Sets the fields of `target` from `value`."""
    for write in _plan(type(value), target.DESCRIPTOR).writers:
        write(value, target)


def from_pb(message: Message, noun: type[D], path: str = "") -> D:
    """A noun from a message; Invalid names the field that a noun cannot hold."""
    plan = _plan(noun, message.DESCRIPTOR)
    if not plan.readers:
        return noun(*plan.read_plain(message))
    values = dict(zip(plan.plain, plan.read_plain(message), strict=True))
    for name, read in plan.readers:
        values[name] = read(message, f"{path}{name}")
    return noun(**values)


Writer = Callable[[Any, Any], None]
Reader = Callable[[Any, str], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class _Plan:
    writers: tuple[Writer, ...]
    plain: tuple[str, ...]
    """Fields that are in the noun what they are in the message."""
    read_plain: Callable[[Any], tuple[Any, ...]]
    """Reads those, all at once."""
    readers: tuple[tuple[str, Reader], ...]


@cache
def _plan(noun: type, descriptor: Descriptor) -> _Plan:
    hints = typing.get_type_hints(noun)
    writers: list[Writer] = []
    plain: list[str] = []
    readers: list[tuple[str, Reader]] = []
    for field in dataclasses.fields(noun):
        write, read = _field(noun, field.name, hints[field.name], descriptor)
        writers.append(write)
        if read is None:
            plain.append(field.name)
        else:
            readers.append((field.name, read))
    return _Plan(tuple(writers), tuple(plain), _reads(plain), tuple(readers))


def _reads(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda message: tuple(getattr(message, name) for name in names)


def _field(
    noun: type, name: str, hint: Any, descriptor: Descriptor
) -> tuple[Writer, Reader | None]:
    """How a field is set and read; no reader when it is the same on both sides."""
    arms = _dataclass_arms(hint)
    if name in descriptor.oneofs_by_name and arms:
        return _oneof(name, arms, descriptor)
    if name not in descriptor.fields_by_name:
        raise TypeError(f"{noun.__name__}.{name} has no field in {descriptor.full_name}")
    field = descriptor.fields_by_name[name]
    if arms:
        return _message(name, arms[0], optional=_is_optional(hint))
    if typing.get_origin(hint) is tuple:
        return _repeated(name, typing.get_args(hint)[0])
    if words := _words(hint):
        return _word(name, words, field)
    return _scalar(name), None


def _scalar(name: str) -> Writer:
    def write(value: Any, target: Any) -> None:
        setattr(target, name, getattr(value, name))

    return write


def _word(name: str, words: tuple[str, ...], field: FieldDescriptor) -> tuple[Writer, Reader]:
    enum: EnumDescriptor | None = field.enum_type
    if enum is not None:
        numbers = {w: _enum_number(enum, w) for w in words}
        by_number = {n: w for w, n in numbers.items()} | {0: words[0]}

        def write_enum(value: Any, target: Any) -> None:
            setattr(target, name, numbers[getattr(value, name)])

        def read_enum(message: Any, path: str) -> Any:
            number: int = getattr(message, name)
            if number not in by_number:
                raise Invalid(f"{path} is {number}, which is not known here", field=path)
            return by_number[number]

        return write_enum, read_enum

    def read(message: Any, path: str) -> Any:
        word: str = getattr(message, name)
        if word not in words:
            raise Invalid(f"{path} is {word[:40]!r}; it must be one of {list(words)}", field=path)
        return word

    return _scalar(name), read


def _enum_number(enum: EnumDescriptor, word: str) -> int:
    suffix = "_" + word.upper().replace("-", "_")
    return next(v.number for v in enum.values if v.name.endswith(suffix))


def _message(name: str, noun: type[Any], *, optional: bool) -> tuple[Writer, Reader]:
    def write(value: Any, target: Any) -> None:
        inner = getattr(value, name)
        if inner is not None:
            part = getattr(target, name)
            part.SetInParent()
            fill_pb(inner, part)

    def read(message: Any, path: str) -> Any:
        if optional and not message.HasField(name):
            return None
        return from_pb(getattr(message, name), noun, f"{path}.")

    return write, read


def _repeated(name: str, element: Any) -> tuple[Writer, Reader]:
    if dataclasses.is_dataclass(element):
        noun = cast(type[Any], element)

        def write_many(value: Any, target: Any) -> None:
            parts = getattr(target, name)
            for inner in getattr(value, name):
                fill_pb(inner, parts.add())

        def read_many(message: Any, path: str) -> Any:
            parts = getattr(message, name)
            if not parts:
                return ()
            return tuple(from_pb(p, noun, f"{path}[{i}].") for i, p in enumerate(parts))

        return write_many, read_many

    words = _words(element)

    def write(value: Any, target: Any) -> None:
        getattr(target, name).extend(getattr(value, name))

    def read(message: Any, path: str) -> Any:
        items: tuple[object, ...] = tuple(getattr(message, name))
        if words:
            for i, item in enumerate(items):
                if item not in words:
                    where = f"{path}[{i}]"
                    raise Invalid(f"{where} must be one of {list(words)}", field=where)
        return items

    return write, read


def _oneof(name: str, arms: list[type[Any]], descriptor: Descriptor) -> tuple[Writer, Reader]:
    by_message = {
        f.message_type.name: f.name
        for f in descriptor.oneofs_by_name[name].fields
        if f.message_type
    }
    field_of = {arm: by_message[arm.__name__] for arm in arms}
    arm_of = {field: arm for arm, field in field_of.items()}

    def write(value: Any, target: Any) -> None:
        inner = getattr(value, name)
        part = getattr(target, field_of[type(inner)])
        part.SetInParent()
        fill_pb(inner, part)

    def read(message: Any, path: str) -> Any:
        which = message.WhichOneof(name)
        if which is None:
            raise Invalid(f"{path} is not set", field=path)
        return from_pb(getattr(message, which), arm_of[which], f"{path}.")

    return write, read


def _arms(hint: Any) -> tuple[Any, ...]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.get_args(hint)
    return (hint,)


def _dataclass_arms(hint: Any) -> list[type[Any]]:
    return [arm for arm in _arms(hint) if dataclasses.is_dataclass(arm) and isinstance(arm, type)]


def _is_optional(hint: Any) -> bool:
    return type(None) in _arms(hint)


def _words(hint: Any) -> tuple[str, ...]:
    words: list[str] = []
    for arm in _arms(hint):
        if typing.get_origin(arm) is typing.Literal:
            words += typing.get_args(arm)
    return tuple(words)

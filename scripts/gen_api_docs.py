"""Generates docs/api from the comments in protos/: a page a proto, and an index."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc_tools
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
OUT = ROOT / "docs" / "api"

# Numbers of the fields in descriptor.proto, as paths of comments are made of them.
_FILE_MESSAGE, _FILE_ENUM, _FILE_SERVICE, _SYNTAX = 4, 5, 6, 12
_MESSAGE_FIELD, _MESSAGE_ONEOF, _ENUM_VALUE, _SERVICE_METHOD = 2, 8, 2, 2
_SCALARS = {
    number: name.removeprefix("TYPE_").lower() for name, number in FieldDescriptorProto.Type.items()
}


def main() -> int:
    """Writes docs/api anew."""
    shutil.rmtree(OUT, ignore_errors=True)
    pages = write_pages(OUT)
    print(f"docs/api: {pages} pages")
    return 0


def write_pages(out: Path) -> int:
    """Writes the pages to `out`; returns how many."""
    files = [_File(file) for file in described()]
    homes = {name: file.page for file in files for name in file.names()}
    out.mkdir(parents=True)
    for file in files:
        (out / file.page).write_text("\n".join(file.lines(homes)).rstrip() + "\n")
    (out / "README.md").write_text("\n".join(_index(files)) + "\n")
    return len(files) + 1


def described() -> list[FileDescriptorProto]:
    """Our protos with their comments, services first."""
    sources = sorted(str(p.relative_to(PROTOS)) for p in PROTOS.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "set.pb"
        command = [
            *(sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}"),
            f"-I{Path(grpc_tools.__file__).parent / '_proto'}",
            *("--include_source_info", f"--descriptor_set_out={target}", *sources),
        ]
        subprocess.run(command, check=True)
        found = FileDescriptorSet.FromString(target.read_bytes())
    return sorted(found.file, key=lambda f: (not f.service, f.name))


@dataclass(frozen=True)
class _File:
    """One proto, as a page."""

    proto: FileDescriptorProto

    @property
    def page(self) -> str:
        return f"{Path(self.proto.name).stem}.md"

    @property
    def title(self) -> str:
        return ", ".join(s.name for s in self.proto.service) or Path(self.proto.name).stem

    def names(self) -> Iterator[str]:
        """Messages and enums that are linked to."""
        yield from (m.name for m in self.proto.message_type)
        yield from (e.name for e in self.proto.enum_type)

    def comment(self, *path: int) -> str:
        """What is written before the thing at this path, on one line."""
        for location in self.proto.source_code_info.location:
            if tuple(location.path) == path:
                return " ".join(location.leading_comments.split())
        return ""

    def lines(self, homes: dict[str, str]) -> Iterator[str]:
        """The page."""
        yield f"# {self.title}"
        yield ""
        yield f"{self.comment(_SYNTAX)} Made from `protos/{self.proto.name}`; not edited by hand."
        for number, service in enumerate(self.proto.service):
            yield from self._service(number, service, homes)
        for number, message in enumerate(self.proto.message_type):
            yield from self._message(number, message, homes)
        for number, enum in enumerate(self.proto.enum_type):
            yield from self._enum(number, enum)

    def _service(
        self, number: int, service: ServiceDescriptorProto, homes: dict[str, str]
    ) -> Iterator[str]:
        yield from ("", f"## {service.name}", "", self.comment(_FILE_SERVICE, number), "")
        yield from ("| method | takes | gives | |", "| --- | --- | --- | --- |")
        for at, method in enumerate(service.method):
            said = self.comment(_FILE_SERVICE, number, _SERVICE_METHOD, at)
            takes, gives = _method(method, homes)
            yield f"| `{method.name}` | {takes} | {gives} | {_cell(said)} |"

    def _message(
        self, number: int, message: DescriptorProto, homes: dict[str, str]
    ) -> Iterator[str]:
        yield from ("", f"### {message.name}", "", self.comment(_FILE_MESSAGE, number))
        if not message.field:
            return
        yield from ("", "| field | type | |", "| --- | --- | --- |")
        for at, field in enumerate(message.field):
            said = self.comment(_FILE_MESSAGE, number, _MESSAGE_FIELD, at)
            if field.HasField("oneof_index") and not field.proto3_optional:
                said = f"One of `{message.oneof_decl[field.oneof_index].name}`. {said}"
            yield f"| `{field.name}` = {field.number} | {_type(field, homes)} | {_cell(said)} |"

    def _enum(self, number: int, enum: EnumDescriptorProto) -> Iterator[str]:
        yield from ("", f"### {enum.name}", "", self.comment(_FILE_ENUM, number), "")
        yield from ("| value | |", "| --- | --- |")
        for at, value in enumerate(enum.value):
            said = self.comment(_FILE_ENUM, number, _ENUM_VALUE, at)
            yield f"| `{value.name}` = {value.number} | {_cell(said)} |"


def _index(files: list[_File]) -> Iterator[str]:
    yield "# The API"
    yield ""
    yield (
        "Every service of the three nodes, made from the comments in `protos/` by "
        "`scripts/gen_api_docs.py`. `make check` fails when a page is older than its proto."
    )
    yield ""
    yield "| page | |"
    yield "| --- | --- |"
    for file in files:
        yield f"| [{file.title}]({file.page}) | {_cell(file.comment(_SYNTAX))} |"


def _method(method: MethodDescriptorProto, homes: dict[str, str]) -> tuple[str, str]:
    takes, gives = _link(method.input_type, homes), _link(method.output_type, homes)
    takes = f"stream of {takes}" if method.client_streaming else takes
    return takes, f"stream of {gives}" if method.server_streaming else gives


def _type(field: FieldDescriptorProto, homes: dict[str, str]) -> str:
    name = _link(field.type_name, homes) if field.type_name else _SCALARS[field.type]
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {name}"
    return f"optional {name}" if field.proto3_optional else name


def _link(type_name: str, homes: dict[str, str]) -> str:
    name = type_name.rpartition(".")[2]
    return f"[{name}]({homes[name]}#{name.lower()})" if name in homes else name


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    raise SystemExit(main())

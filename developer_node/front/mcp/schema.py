"""The shapes that tools promise, in JSON Schema: every key is always there, null when unknown."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}


def maybe(schema: Schema) -> Schema:
    """Or null."""
    if isinstance(schema.get("type"), str) and set(schema) == {"type"}:
        return {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def many(schema: Schema) -> Schema:
    """A list of them."""
    return {"type": "array", "items": schema}


def one_of(*words: str) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(words)}


def record(**keys: Schema) -> Schema:
    """An object with at least these keys."""
    return {"type": "object", "properties": keys, "required": list(keys)}


FRESHNESS = record(
    projects=many(
        record(
            project=maybe(TEXT),
            working_copy=maybe(TEXT),
            indexed_commit=maybe(TEXT),
            head_commit=maybe(TEXT),
            files_behind=maybe(COUNT),
        )
    ),
    events_behind=COUNT,
    vectors_share=NUMBER,
    words_behind=COUNT,
    not_asked=many(TEXT),
    asleep=many(TEXT),
)

AWAY = maybe(record(source=TEXT, sentence=TEXT, as_of=maybe(TEXT), waiting=COUNT))


def answer(**keys: Schema) -> Schema:
    """What a tool says, with the keys about freshness that every answer has."""
    return record(**keys, freshness=FRESHNESS, as_of=TEXT, away=AWAY)


FAILURE = record(
    tool=TEXT,
    code=maybe(TEXT),
    kind=TEXT,
    message=TEXT,
    test=maybe(TEXT),
    fingerprint=maybe(TEXT),
    frames=many(record(path=TEXT, function=maybe(TEXT), line=maybe(COUNT), in_app=FLAG)),
)

OCCURRENCE = record(
    id=TEXT,
    at=maybe(TEXT),
    project=maybe(TEXT),
    cwd=TEXT,
    commit=maybe(TEXT),
    command=maybe(TEXT),
)

REMEDY = record(
    id=TEXT,
    state=one_of("observed", "confirmed", "unproven", "ambiguous", "rejected"),
    kind=one_of("code", "dependency", "environment"),
    commit=maybe(TEXT),
    label=maybe(TEXT),
    diff=maybe(TEXT),
    command=maybe(TEXT),
    why=maybe(TEXT),
    paths=many(TEXT),
    accepted=FLAG,
)

RECOLLECTION: dict[str, Schema] = dict(
    match=one_of("same", "same, other values", "similar", "none"),
    failure=maybe(FAILURE),
    occurrences=many(OCCURRENCE),
    remedies=many(REMEDY),
    flaky=maybe(record(failed=COUNT, runs=COUNT)),
    note=maybe(TEXT),
)

CITATION: dict[str, Schema] = dict(
    project=maybe(TEXT),
    path=TEXT,
    start_line=COUNT,
    end_line=COUNT,
    commit=maybe(TEXT),
    blob=maybe(TEXT),
    dirty=FLAG,
    uri=maybe(TEXT),
)

"""The book as a TOML file: imported with errors that name the key and what is allowed, exported without loss."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel, ValidationError

from vorzimmer.core.client import Book
from vorzimmer.core.directory import repeated
from vorzimmer.store.book import BookError


def import_file(file: Path, region: str) -> Book:
    """Read and check a whole file. `region` (ISO 3166) reads national number forms.

    Raises:
        BookError: one line per mistake: file, key, what is wrong and what is allowed.
    """
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BookError([f"{file}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise BookError([f"{file}: is not UTF-8 text (byte {error.start})"]) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BookError([f"{file}: is no TOML: {error}"]) from error
    try:
        book = Book.model_validate(raw, context={"region": region})
    except ValidationError as error:
        raise BookError([f"{file}: {_key(raw, m['loc'])}: {_sentence(m)}" for m in _mistakes(error)]) from error
    conflicts = repeated(book.group, book.client, book.agent)
    if conflicts:
        raise BookError([f"{file}: {conflict}" for conflict in conflicts])
    return book


def export_toml(book: Book) -> str:
    """The book as a file that imports to an equal book. What has its default value is left out."""
    return tomli_w.dumps(_spare(book, book.model_dump()))


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file, for editors and for those who write it by program."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Book.model_json_schema()}


def _spare(model: BaseModel, dumped: Mapping[str, Any]) -> dict[str, Any]:
    """The dumped model without defaults and without None, which TOML does not know.

    `to` stays although it has a default: it tells the steps of a chain apart.
    """
    kept = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if value is not None and (name == "to" or field.is_required() or value != field.get_default()):
            kept[name] = _spare_value(value, dumped[name])
    return kept


def _spare_value(value: Any, dumped: Any) -> Any:
    match value:
        case BaseModel():
            return _spare(value, dumped)
        case tuple():
            return [_spare_value(one, other) for one, other in zip(value, dumped, strict=True)]
        case _:
            return dumped


def _mistakes(error: ValidationError) -> list[Mapping[str, Any]]:
    """The errors, without those that only say that a list is too short because its entries are wrong."""
    found = error.errors(include_url=False)
    places = [mistake["loc"] for mistake in found]
    return [
        mistake
        for mistake in found
        if mistake["type"] != "too_short"
        or not any(loc[: len(mistake["loc"])] == mistake["loc"] for loc in places if loc != mistake["loc"])
    ]


def _key(raw: Any, loc: tuple[int | str, ...]) -> str:
    """The path of a key as a person would say it, entries of the outer lists by their id: `client[huber].open`."""
    written = ""
    for depth, part in enumerate(loc):
        if isinstance(part, int):
            raw = raw[part] if isinstance(raw, list) and part < len(raw) else None
            name = raw.get("id") if depth == 1 and isinstance(raw, Mapping) else None
            written += f"[{name if isinstance(name, str) else part}]"
        elif isinstance(loc[depth - 1], int) and isinstance(raw, Mapping) and part == raw.get("to"):
            continue  # not a key, but which kind of step it is
        elif part != "[key]":
            raw = raw.get(part) if isinstance(raw, Mapping) else None
            written += f".{part}" if written else str(part)
    return written


def _sentence(mistake: Mapping[str, Any]) -> str:
    match mistake["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return f"unknown key (allowed: {', '.join(_allowed_keys(mistake['loc'][:-1]))})"
        case "enum" | "literal_error":
            return f"{mistake['input']!r} is unknown (allowed: {mistake['ctx']['expected']})"
        case "union_tag_invalid":
            return f"{mistake['ctx']['tag']!r} is unknown (allowed: {mistake['ctx']['expected_tags']})"
        case "union_tag_not_found":
            return "'to' is missing: it names the kind of step"
        case _:
            return str(mistake["msg"]).removeprefix("Value error, ")


def _allowed_keys(loc: tuple[int | str, ...]) -> tuple[str, ...]:
    """The keys of the table at `loc`, out of the JSON Schema."""
    node = _schema()
    for part in loc:
        if isinstance(part, int):
            node = node["items"]
        elif "discriminator" in node:
            node = {"$ref": node["discriminator"]["mapping"][part]}
        else:
            node = node["properties"][part]
        node = _resolved(node)
    return tuple(node["properties"])


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    """What a node refers to; of alternatives the first, which is the written-out form of a table."""
    while "$ref" in node or "anyOf" in node:
        node = node["anyOf"][0] if "anyOf" in node else _schema()["$defs"][node["$ref"].rpartition("/")[2]]
    return node


@cache
def _schema() -> dict[str, Any]:
    return json_schema()

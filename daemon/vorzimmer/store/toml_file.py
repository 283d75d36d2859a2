"""Models as TOML files: read with errors that name the key and what is allowed, written without what is default."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Read = TypeVar("Read", bound=BaseModel)

_SENTENCES = {
    "missing": "is missing",
    "tuple_type": "is no list: write [ … ], and [[ … ]] above each of its tables",
}

LONGEST = 60
"""Characters of a value that is repeated to whoever wrote it."""


class FileError(Exception):
    """What is wrong with a file, one sentence a line."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


def read(file: Path, model: type[Read], region: str) -> Read:
    """Read and check a whole file. `region` (ISO 3166) reads national number forms.

    Raises:
        FileError: one line per mistake: file, key, what is wrong and what is allowed.
    """
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError([f"{file}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise FileError([f"{file}: is not UTF-8 text (byte {error.start})"]) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FileError([f"{file}: is no TOML: {error}"]) from error
    try:
        return model.model_validate(raw, context={"region": region})
    except ValidationError as error:
        raise FileError([_line(file, raw, model, m) for m in _mistakes(error)]) from error


def _line(file: Path, raw: Any, model: type[BaseModel], mistake: Mapping[str, Any]) -> str:
    key = _key(raw, mistake["loc"])
    return ": ".join(part for part in (str(file), key, _sentence(mistake, model)) if part)


def spare(model: BaseModel, dumped: Mapping[str, Any]) -> dict[str, Any]:
    """The dumped model without defaults and without None, which TOML does not know.

    `to` stays although it has a default: it tells the steps of a chain apart.
    """
    kept = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if name not in dumped:
            continue  # kept elsewhere
        if value is not None and (name == "to" or field.is_required() or value != field.get_default()):
            kept[name] = _spare_value(value, dumped[name])
    return kept


def _spare_value(value: Any, dumped: Any) -> Any:
    match value:
        case BaseModel() if isinstance(dumped, Mapping):
            return spare(value, dumped)
        case tuple():
            return [_spare_value(one, other) for one, other in zip(value, dumped, strict=True)]
        case dict() if isinstance(dumped, Mapping):
            return {key: _spare_value(one, dumped[key]) for key, one in value.items()}
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
    """The path of a key as a person would say it: `client[huber].open`; entries of the outer lists by id or client."""
    written = ""
    for depth, part in enumerate(loc):
        if isinstance(part, int):
            raw = raw[part] if isinstance(raw, list) and part < len(raw) else None
            name = (raw.get("id") or raw.get("client")) if depth == 1 and isinstance(raw, Mapping) else None
            written += f"[{name if isinstance(name, str) else part}]"
        elif isinstance(loc[depth - 1], int) and isinstance(raw, Mapping) and part in (raw.get("to"), raw.get("kind")):
            continue  # not a key, but which kind of step or position it is
        elif part != "[key]":
            raw = raw.get(part) if isinstance(raw, Mapping) else None
            written += f".{part}" if written else str(part)
    return written


def _sentence(mistake: Mapping[str, Any], model: type[BaseModel]) -> str:
    match mistake["type"]:
        case "missing" | "tuple_type" as kind:
            return _SENTENCES[kind]
        case "extra_forbidden":
            return f"unknown key (allowed: {', '.join(allowed_keys(model, mistake['loc'][:-1]))})"
        case "enum" | "literal_error":
            return f"{mistake['input']!r} is unknown (allowed: {mistake['ctx']['expected']})"
        case "union_tag_invalid":
            return f"{mistake['ctx']['tag']!r} is unknown (allowed: {mistake['ctx']['expected_tags']})"
        case "union_tag_not_found":
            return f"{mistake['ctx']['discriminator']} is missing: it names the kind"
        case _:
            return str(mistake["msg"]).removeprefix("Value error, ") + _instead(mistake)


def _instead(mistake: Mapping[str, Any]) -> str:
    """What stands there, where it fits the sentence and is not in it: a price, a day, a word."""
    value = mistake["input"]
    if mistake["type"].startswith("value_error") or isinstance(value, dict | list) or len(str(value)) > LONGEST:
        return ""
    return f", not {value!r}" if isinstance(value, str) else f", not {value}"


def allowed_keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, ...]:
    """The keys of the table at `loc`, out of the model's JSON Schema."""
    schema = _schema(model)
    node = schema
    for part in loc:
        if isinstance(part, int):
            node = node["items"]
        elif "discriminator" in node:
            node = {"$ref": node["discriminator"]["mapping"][part]}
        else:
            node = node["properties"][part] if "properties" in node else next(iter(node["patternProperties"].values()))
        node = _resolved(node, schema)
    return tuple(node["properties"])


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """What a node refers to; of alternatives the first, which is the written-out form of a table."""
    while "$ref" in node or "anyOf" in node:
        node = node["anyOf"][0] if "anyOf" in node else schema["$defs"][node["$ref"].rpartition("/")[2]]
    return node


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()

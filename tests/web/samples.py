"""A value that a JSON Schema of our description allows, so that a request gets behind the check of its form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TEXTS = (
    "a1",
    "x",
    "+4989123456",
    "0",
    "a@b.example",
    "abc_",
    "08:00-12:00",
    "de",
    "1234",
    "a1b2c3d4e5f60718",
    "2026-10",
)
_FORMATS = {
    "date-time": "2026-11-24T10:00:00Z",
    "date": "2026-11-24",
    "email": "a@b.example",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def sample(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """The least that is allowed. `schemas`: what `$ref` names."""
    if "$ref" in schema:
        return sample(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if choices := next((schema[word] for word in ("anyOf", "oneOf", "allOf") if word in schema), None):
        return sample(choices[0], schemas)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    return _of_type(schema, schemas)


def _of_type(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    match schema.get("type", "object"):
        case "object":
            properties = schema.get("properties", {})
            return {name: sample(properties[name], schemas) for name in schema.get("required", ())}
        case "array":
            return [sample(schema.get("items", {}), schemas)] * schema.get("minItems", 0)
        case "string":
            return _text(schema)
        case "boolean":
            return False
        case _:
            return schema.get("minimum", 1)


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    fitting = [text for text in _TEXTS if re.search(schema.get("pattern", ""), text)]
    return (fitting or ["x"])[0].ljust(schema.get("minLength", 0), "x")

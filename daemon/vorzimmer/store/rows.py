"""Rows of the book, each validated when it is first asked for: ten thousand at once would hold up a start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from vorzimmer.core.directory import Key
from vorzimmer.core.model import STORED
from vorzimmer.core.ports import Trouble

M = TypeVar("M", bound=BaseModel)


class Row:
    """A group, a client or an agent as it was read: its row's version and its JSON. `before`: what it replaces."""

    __slots__ = ("_before", "_found", "_read", "data", "version")

    def __init__(self, version: int, data: str, before: Row | None = None) -> None:
        self.version = version
        self.data = data
        self._before = before
        self._found: BaseModel | None = None
        self._read = False

    def model(self, kind: type[M], name: str, trouble: Trouble) -> M | None:
        """The model. One that is not valid does not take the others down: it stays as it was, or is None.

        It was then written past `import`, or by a version with other rules. It is told once.
        """
        if not self._read:
            try:
                self._found = kind.model_validate_json(self.data, context=STORED)
            except ValidationError as error:
                why = str(error.errors()[0]["msg"])
                trouble("snapshot.row_invalid", kind=kind.__name__.lower(), id=name, why=why)
                self._found = self._before.model(kind, name, trouble) if self._before is not None else None
            self._read, self._before = True, None
        assert self._found is None or isinstance(self._found, kind)  # noqa: S101 - a row is asked for as one kind only
        return self._found


class Models(Mapping[str, M]):
    """The models of all valid rows, by id."""

    def __init__(self, kind: type[M], rows: Mapping[str, Row], trouble: Trouble) -> None:
        self._kind = kind
        self._rows = rows
        self._trouble = trouble

    def __getitem__(self, name: str) -> M:
        found = self._rows[name].model(self._kind, name, self._trouble)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._rows if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def numbers(clients: Mapping[str, Row]) -> dict[Key, str]:
    """Which client each (dialled, diverting) pair leads to, read without validating: they were when they were stored.

    What is not of a client's form is left out; asked for as a model it is told of.
    """
    found: dict[Key, str] = {}
    for name, row in clients.items():
        try:
            for did in orjson.loads(row.data)["dids"]:
                for diverting in did.get("diverted_from") or (None,):
                    found[did["number"], diverting] = name
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found

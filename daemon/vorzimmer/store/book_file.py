"""The book as a TOML file: imported with errors that name the key and what is allowed, exported without loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomli_w

from vorzimmer.core.client import Book
from vorzimmer.core.directory import repeated
from vorzimmer.store import toml_file
from vorzimmer.store.book import BookError


def import_file(file: Path, region: str) -> Book:
    """Read and check a whole file. `region` (ISO 3166) reads national number forms.

    Raises:
        BookError: one line per mistake: file, key, what is wrong and what is allowed.
    """
    try:
        book = toml_file.read(file, Book, region)
    except toml_file.FileError as error:
        raise BookError(error.lines) from error
    conflicts = repeated(book.group, book.client, book.agent)
    if conflicts:
        raise BookError([f"{file}: {conflict}" for conflict in conflicts])
    return book


def export_toml(book: Book) -> str:
    """The book as a file that imports to an equal book. What has its default value is left out."""
    return tomli_w.dumps(toml_file.spare(book, book.model_dump()))


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file, for editors and for those who write it by program."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Book.model_json_schema()}

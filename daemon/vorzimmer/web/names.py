"""Names that people give, cleaned where they come in."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("a name holds printable characters only")
    return value


Name = Annotated[
    str, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=80), AfterValidator(_printable)
]
"""Of a person or a thing, for people to read in a list: printable, up to 80 characters."""

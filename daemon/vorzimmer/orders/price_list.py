"""Reading the price list: the operator's file, or the one that comes with the program."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from vorzimmer.core.price_list import PriceList


class BadPriceList(Exception):
    """The file cannot be used. `lines`: a sentence for each thing that is wrong, with the file's name."""

    def __init__(self, file: str, sentences: Iterator[str]) -> None:
        self.lines = tuple(f"{file}: {sentence}" for sentence in sentences)
        super().__init__("; ".join(self.lines))


def shipped() -> str:
    """The text of the list that comes with the program."""
    return resources.files("vorzimmer.orders").joinpath("price_list.toml").read_text("utf-8")


def read(file: Path | None) -> PriceList:
    """The price list of this file; None: the shipped one.

    Raises:
        BadPriceList: there is no such file, it is no TOML, or no price list.
    """
    name = "the shipped price list" if file is None else str(file)
    try:
        return PriceList.model_validate(tomllib.loads(shipped() if file is None else file.read_text("utf-8")))
    except OSError as error:
        raise BadPriceList(name, iter([error.strerror or type(error).__name__])) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPriceList(name, iter([str(error)])) from None
    except ValidationError as error:
        raise BadPriceList(name, _sentences(error)) from None


def _sentences(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        key = ".".join(str(part + 1) if isinstance(part, int) else part for part in one["loc"])
        yield f"{key + ': ' if key else ''}{one['msg'].removeprefix('Value error, ')}"

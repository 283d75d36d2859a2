"""What a client can have set up and what it costs: the operator's price list as data, and a choice checked by it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vorzimmer.core import number
from vorzimmer.core.client_file import TelephoneFactor
from vorzimmer.core.model import Model, Slug
from vorzimmer.core.plain_text import many_lines, single_line

LONGEST_ANSWER = 2000
"""Characters of what a client fills in."""

_COUNTRY = re.compile("[A-Z]{2}")

Net = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2)]
"""Money without VAT, in the list's currency."""


class Role(StrEnum):
    """Who in the house does a step of a set-up."""

    IT = "it"
    LEAD = "lead"
    SALES = "sales"
    STUDIO = "studio"


class Text(Model):
    """The same in each language that clients read here."""

    de: Annotated[str, Field(min_length=1, max_length=600)]
    en: Annotated[str, Field(min_length=1, max_length=600)]

    def in_language(self, language: str) -> str:
        """In the reader's language; English where it is neither."""
        return self.de if language == "de" else self.en


class Question(Model):
    """What the client has to say about an option. `number`: a telephone number; `country`: ISO 3166, `DE`."""

    id: Slug
    label: Text
    type: Literal["text", "long_text", "number", "country"] = "text"
    required: bool = True


class StepRule(Model):
    """A step that an option causes: who does it, and within how many working days of the one before it."""

    title: Text
    owner: Role
    days: Annotated[int, Field(ge=0, le=250)]


class Option(Model):
    """Something that can be set up.

    `instead_of`: of all options with the same word here a client orders one at most. `needs`: ids, one of which has to
    be ordered with it; `goes_with`: ids that are offered with it. `number_for`: the question whose answer, a country,
    says from which stock a number is reserved.
    """

    id: Slug
    title: Text
    description: Text | None = None
    price: Net
    instead_of: Slug | None = None
    needs: tuple[Slug, ...] = ()
    goes_with: tuple[Slug, ...] = ()
    asks: Annotated[tuple[Question, ...], Field(max_length=20)] = ()
    number_for: Slug | None = None
    steps: Annotated[tuple[StepRule, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        questions = {question.id: question for question in self.asks}
        if len(questions) != len(self.asks):
            raise ValueError(f"option {self.id}: a question stands twice")
        if self.number_for is not None:
            question = questions.get(self.number_for)
            if question is None or question.type != "country" or not question.required:
                raise ValueError(f"option {self.id}: number_for names no required question for a country")
        return self


class Factor(Model):
    """The telephone factor: by which share the rate of a working hour rises above the talk that is included."""

    id: TelephoneFactor
    title: Text
    rate: Annotated[Decimal, Field(ge=0, le=10)]


class Change(Model):
    """What a client may want changed later, and the steps that this causes."""

    id: Slug
    title: Text
    steps: Annotated[tuple[StepRule, ...], Field(min_length=1, max_length=20)]


class PriceList(Model):
    """The whole list. Prices are net."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    option: Annotated[tuple[Option, ...], Field(min_length=1, max_length=100)]
    factor: tuple[Factor, ...] = ()
    change: tuple[Change, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for kind, ids in (
            ("option", [one.id for one in self.option]),
            ("factor", [one.id for one in self.factor]),
            ("change", [one.id for one in self.change]),
        ):
            if twice := [name for name, count in Counter(ids).items() if count > 1]:
                raise ValueError(f"{kind} {twice[0]!r} stands twice")
        known = {one.id for one in self.option}
        for one in self.option:
            if unknown := sorted({*one.needs, *one.goes_with} - known):
                raise ValueError(f"option {one.id}: there is no option {unknown[0]!r}")
        return self

    def factor_of(self, name: str) -> Factor | None:
        """The factor of this id."""
        return next((one for one in self.factor if one.id == name), None)

    def change_of(self, name: str) -> Change | None:
        """The kind of change of this id."""
        return next((one for one in self.change if one.id == name), None)


class Unfit(Exception):
    """A choice that cannot be ordered. `field`: what is wrong in it; the text says why, for whoever chose."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class Chosen:
    """An option with what the client said about it, by question, cleaned."""

    option: Option
    answers: Mapping[str, str]


def choose(listed: PriceList, wanted: Mapping[str, Mapping[str, str]], region: str) -> tuple[Chosen, ...]:
    """The options that a client wants, in the list's order.

    Args:
        listed: what there is.
        wanted: by option what the client says about it, by question.
        region: ISO 3166, whose national numbers are understood.

    Raises:
        Unfit: the first thing that is wrong.
    """
    known = {option.id for option in listed.option}
    if not wanted:
        raise Unfit("options", "choose at least one option")
    if unknown := sorted(set(wanted) - known):
        raise Unfit("options", f"there is no option {single_line(unknown[0])[:80]!r} here")
    options = [option for option in listed.option if option.id in wanted]
    for sentence in _against_each_other(options):
        raise Unfit("options", sentence)
    return tuple(Chosen(option, dict(_answers(option, wanted[option.id], region))) for option in options)


def _against_each_other(options: Iterable[Option]) -> Iterator[str]:
    ordered = {option.id: option for option in options}
    words: dict[str, Option] = {}
    for option in ordered.values():
        if option.needs and not set(option.needs) & set(ordered):
            yield f"{option.id} is only set up together with {' or '.join(option.needs)}"
        if option.instead_of is None:
            continue
        if (other := words.setdefault(option.instead_of, option)) is not option:
            yield f"{other.id} and {option.id} are not ordered together: choose one"


def _answers(option: Option, said: Mapping[str, str], region: str) -> Iterator[tuple[str, str]]:
    if unknown := sorted(set(said) - {question.id for question in option.asks}):
        raise Unfit(f"options.{option.id}", f"{option.id} does not ask for {single_line(unknown[0])[:80]!r}")
    for question in option.asks:
        field = f"options.{option.id}.{question.id}"
        answer = _cleaned(question, said.get(question.id, ""), region, field)
        if not answer and question.required:
            raise Unfit(field, f"{option.id}: say something about {question.label.en!r}")
        if answer:
            yield question.id, answer


def _cleaned(question: Question, answer: str, region: str, field: str) -> str:
    if len(answer) > LONGEST_ANSWER:
        raise Unfit(field, f"{question.label.en!r} takes at most {LONGEST_ANSWER} characters")
    clean = many_lines(answer).strip() if question.type == "long_text" else " ".join(single_line(answer).split())
    if not clean:
        return ""
    match question.type:
        case "number":
            try:
                return number.parse(clean, region)
            except ValueError as error:
                raise Unfit(field, str(error)) from None
        case "country":
            if not _COUNTRY.fullmatch(clean.upper()):
                raise Unfit(field, f"{clean[:80]!r} is no country: write two letters, such as DE or AT")
            return clean.upper()
        case _:
            return clean

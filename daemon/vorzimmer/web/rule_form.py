"""A client's rules as a page or a program writes them: read one by one, so that each error names its rule and field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vorzimmer.core.client import Client
from vorzimmer.core.model import Hours, Language
from vorzimmer.core.notify_rule import LONGEST_URL, Channel, Fact, Kind, Rule, Template, clean_recipient
from vorzimmer.web.client_saving import wrong
from vorzimmer.web.problems import Problem

MOST = 50
"""Rules of a client."""

Check = Callable[[Template], Mapping[str, str]]
"""What is wrong with a client's own words, by `subject` and `body`."""


class TemplateWanted(BaseModel):
    """The client's own words, in Liquid. No subject: the usual one."""

    model_config = ConfigDict(extra="forbid")

    subject: Annotated[str, Field(max_length=300)] = ""
    body: Annotated[str, Field(max_length=10_000)] = ""


class RuleWanted(BaseModel):
    """As `core.notify_rule.Rule`: `to` may be written in any form, `contact:ID` or `on-call`."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(max_length=63)]
    channel: Channel
    to: Annotated[tuple[Annotated[str, Field(max_length=LONGEST_URL)], ...], Field(max_length=20)]
    of: Annotated[tuple[Kind, ...], Field(max_length=len(Kind))] = ()
    digest: Annotated[tuple[time, ...], Field(max_length=24)] = ()
    quiet: Hours | None = None
    language: Language | None = None
    facts: Annotated[tuple[Fact, ...], Field(max_length=len(Fact))] = ()
    numbers: Literal["whole", "shortened"] = "whole"
    recording: Literal["attached", "linked", "none"] = "attached"
    template: TemplateWanted | None = None


def read_rules(
    wanted: Iterable[RuleWanted], client: Client, offered: Iterable[Channel], region: str, check: Check
) -> tuple[Rule, ...]:
    """The rules, their addresses in one form.

    Args:
        wanted: as they were sent.
        client: whose they are; what it has already may stay though the house does not offer it any more.
        offered: the house's channels.
        region: ISO 3166, of national numbers.
        check: of own words.

    Raises:
        Problem: 422 with every field that is wrong, by `rules.N.…`; the sentence names the rule.
    """
    had = {(rule.id, rule.channel) for rule in client.notify}
    ids: set[str] = set()
    found: list[Rule] = []
    errors: dict[str, str] = {}
    for n, one in enumerate(wanted):
        try:
            rule, mistakes = _read(one, region, check)
        except ValidationError as error:
            rule, mistakes = None, _said(error)
        if one.id in ids:
            mistakes["id"] = "another rule is called like that"
        if one.channel not in offered and (one.id, one.channel) not in had:
            mistakes["channel"] = "this house does not offer that"
        ids.add(one.id)
        errors |= {f"rules.{n}.{field}": f"rule {one.id!r}, {field}: {text}" for field, text in mistakes.items()}
        if rule is not None:
            found.append(rule)
    if errors:
        first = next(iter(errors.values()))
        raise Problem(422, "bad_request", first, fields=errors)
    return tuple(found)


def read_rule(wanted: RuleWanted, region: str, check: Check) -> Rule:
    """One rule that is only being tried.

    Raises:
        Problem: 422 with the fields that are wrong, by `rule.…`.
    """
    try:
        rule, mistakes = _read(wanted, region, check)
    except ValidationError as error:
        rule, mistakes = None, _said(error)
    if rule is None or mistakes:
        raise wrong({f"rule.{field}": text for field, text in mistakes.items()})
    return rule


def _read(wanted: RuleWanted, region: str, check: Check) -> tuple[Rule | None, dict[str, str]]:
    """The rule, and what is wrong with it by field.

    Raises:
        ValidationError: it is none.
    """
    mistakes = _addresses(wanted, region)
    if mistakes:
        return None, mistakes
    rule = Rule.model_validate(wanted.model_dump(), context={"region": region})
    if rule.template is not None:
        mistakes |= {f"template.{field}": text for field, text in check(rule.template).items()}
    return rule, mistakes


def _addresses(wanted: RuleWanted, region: str) -> dict[str, str]:
    """What is wrong with each address; that there is none at all is said of the field as a whole."""
    found = {} if wanted.to else {"to": "names nobody"}
    for n, one in enumerate(wanted.to):
        try:
            clean_recipient(wanted.channel, one, {"region": region})
        except ValueError as error:
            found[f"to.{n}"] = str(error)
    return found


def _said(error: ValidationError) -> dict[str, str]:
    return {_place(one["loc"]): str(one["msg"]).removeprefix("Value error, ") for one in error.errors()}


def _place(location: Iterable[Any]) -> str:
    return ".".join(map(str, location)) or "to"

"""Messages in a client's or the operator's own words, written in Liquid (https://shopify.github.io/liquid/).

Liquid reaches nothing but the values that it is given, and here it also ends: loops, output and what is kept are
limited, and only filters are there whose result is no longer than what they were given. What the values are:
docs/templates.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from liquid import BoundTemplate, DictLoader, Environment
from liquid.exceptions import LiquidError

from vorzimmer.core.plain_text import many_lines
from vorzimmer.notify.example_call import EXAMPLE
from vorzimmer.notify.noted import Noted
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.template_error import OwnWordsError
from vorzimmer.notify.view import LOCALES, View, view
from vorzimmer.notify.wording import said

__all__ = ["OwnWordsError", "Words", "check", "read_folder", "values_of", "write"]

Words = Mapping[str, str]
"""`subject` and `body`; without a subject the usual one is taken."""

LONGEST_SUBJECT, LONGEST = 300, 10_000
"""Characters of a template's parts."""

MOST_OUTPUT = 100_000
"""Bytes."""

STEPS = 50_000
"""The most that one template evaluates, loops included; half a second."""

FILTERS = (
    *("append", "capitalize", "compact", "default", "downcase", "first", "last", "lstrip", "map", "minus", "plus"),
    *("prepend", "remove", "remove_first", "reverse", "rstrip", "size", "slice", "sort", "squish", "strip"),
    *("strip_newlines", "truncate", "truncatewords", "uniq", "upcase", "where"),
)

_STEP = re.compile(r"[{|,\n]|\b(?:and|or|echo)\b")

SAID = ("headline", "happened")
"""Of the built-in sentences, those that own words may use."""


class _Liquid(Environment):
    output_stream_limit = MOST_OUTPUT
    local_namespace_limit = 2 * MOST_OUTPUT
    context_depth_limit = 10


def check(template: Words) -> list[str]:
    """What is wrong with a template, in sentences; none: it can be used."""
    problems, example = [], values_of(view(EXAMPLE, "en", "DE", "attached"))
    for part, longest in (("subject", LONGEST_SUBJECT), ("body", LONGEST)):
        source = template.get(part, "")
        if len(source) > longest:
            problems.append(f"{part}: at most {longest} characters")
            continue
        try:
            used = _parsed(source).analyze().globals
            problems += [f"{part}: there is no value {name!r}" for name in used if name not in example]
            _filled(source, example)
        except OwnWordsError as error:
            problems.append(f"{part}: {error}")
        except LiquidError as error:
            problems.append(f"{part}: {_why(error)}")
    if not template.get("body", "").strip():
        problems.append("body: is empty")
    return problems


def write(template: Words, seen: View) -> tuple[str, str]:
    """Subject and text of a message about this call. Without a subject in the template: an empty one.

    Raises:
        OwnWordsError: the template fails with this call, takes too much, or says nothing.
    """
    values = values_of(seen)
    subject = one_line(_filled(template.get("subject", ""), values), 250)
    text = many_lines(_filled(template["body"], values)).strip()
    if not text:
        raise OwnWordsError("nothing is left of the text")
    return subject, f"{text}\n"


def values_of(seen: View) -> dict[str, Any]:
    """What a template may use: the view's fields, and the sentences of its language."""
    words = said(seen)
    return {**asdict(seen), "notes": [_note(note) for note in seen.notes], **{name: words[name] for name in SAID}}


def _note(note: Noted) -> dict[str, Any]:
    told = {name: getattr(note, name) for name in ("title", "name", "urgent", "corrected", "author")}
    return {**told, "entries": [{"label": one.label, "text": "\n".join(one.lines)} for one in note.entries]}


def read_folder(folder: Path, channel: str) -> dict[str, Words]:
    """The operator's own words for a channel, by language: `email.de.liquid` and so on; the first line is the subject.

    Raises:
        OwnWordsError: there is no such folder, or a file cannot be used; the text names it.
        OSError: a file cannot be read.
    """
    if not folder.is_dir():
        raise OwnWordsError(f"{folder}: there is no such folder")
    found: dict[str, Words] = {}
    for file in sorted(folder.glob(f"{channel}.*.liquid")):
        language = file.name.split(".")[1]
        if language not in LOCALES:
            raise OwnWordsError(f"{file}: the language is one of {', '.join(LOCALES)}")
        try:
            subject, _, body = file.read_text(encoding="utf-8").partition("\n")
        except UnicodeDecodeError:
            raise OwnWordsError(f"{file}: is not UTF-8") from None
        found[language] = {"subject": subject.strip(), "body": body}
        if problems := check(found[language]):
            raise OwnWordsError(f"{file}: {'; '.join(problems)}")
    return found


def _filled(source: str, values: Mapping[str, Any]) -> str:
    try:
        return _parsed(source).render(**values)
    except LiquidError as error:
        raise OwnWordsError(_why(error)) from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise OwnWordsError(f"{type(error).__name__}: {one_line(str(error), 100)}") from None


@cache
def _bounds(steps: int) -> Environment:
    """An environment in which a template of so many steps ends in time."""
    limited = type("_Limited", (_Liquid,), {"loop_iteration_limit": max(10, STEPS // steps)})
    liquid: Environment = limited(loader=DictLoader({}))
    liquid.filters = {name: _bounded(liquid.filters[name]) for name in FILTERS}
    return liquid


@lru_cache(maxsize=256)
def _parsed(source: str) -> BoundTemplate:
    # In powers of two, so that there are few environments.
    return _bounds(1 << len(_STEP.findall(source)).bit_length()).from_string(source)


def _bounded(one: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that takes no endless range, and makes no endless text."""

    def run(value: Any, *args: Any, **options: Any) -> Any:
        if isinstance(value, range):
            raise OwnWordsError("a range of numbers is for loops only")
        result = one(value, *args, **options)
        if isinstance(result, str) and len(result) > MOST_OUTPUT:
            raise OwnWordsError("the text grows too long")
        return result

    return run


def _why(error: LiquidError) -> str:
    """The reason in a line, and where it is."""
    reason = one_line(str(error.args[0]) if error.args else type(error).__name__, 200)
    try:
        at = error.context()
    except ValueError:  # it is at the very end
        at = None
    return reason if at is None else f"{reason} (line {at[0]})"

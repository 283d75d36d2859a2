"""Calls as words: the subject, text and HTML of a mail, in the client's language or in its own words.

Numbers and times are written in `view`, into a `View` of harmless plain text. `templates/words.LANGUAGE.j2` makes the
sentences and the labelled facts of it, `call.txt.j2` and `call.html.j2` lay those out, the same for every language;
`digest.*` do so for many calls at once. Own words (`own_words`) come first, and where they fail the built-in ones go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import babel.dates
import jinja2

from vorzimmer.core.notify_rule import Fact
from vorzimmer.core.ports import Trouble
from vorzimmer.notify import own_words
from vorzimmer.notify.own_words import OwnWordsError, Words
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.telling import recording_as, rule_of, tells
from vorzimmer.notify.view import LOCALES, NO_LINKS, Links, View, Voicemail, started, view
from vorzimmer.notify.wording import framed, laid_out, said, said_of_all

__all__ = ["LOCALES", "Links", "Page", "RenderError", "View", "Voicemail", "preview", "render", "started", "view"]

WRONG = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a payload that is none raises."""


class RenderError(Exception):
    """The message cannot be written: a template or the stored payload is wrong."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is sent. `subject` is one line; `html`: empty where there is only text.

    `urgent`: the client should see it before other mails.
    """

    subject: str
    text: str
    html: str
    urgent: bool


def _unheard(_event: str, /, **_about: Any) -> None:
    pass


def render(
    payload: Mapping[str, Any],
    language: str,
    region: str,
    voicemail: Voicemail,
    links: Links = NO_LINKS,
    *,
    house: Mapping[str, Words] | None = None,
    trouble: Trouble = _unheard,
) -> Page:
    """Write what a finished call, or a digest of many, has to say.

    Args:
        payload: as `core.messages.messages_for` and `store.release` made it.
        language: of the client, or the rule's.
        region: ISO 3166; its numbers are written without the country code.
        voicemail: what became of the recording; in a digest it is linked to, whatever this says but `none`.
        links: to recordings and to the answer page.
        house: the operator's own words by language, for clients that have none.
        trouble: hears of own words that failed.

    Raises:
        RenderError: the payload lacks something, or there are no words for the language.
    """
    template = rule_of(payload).get("template") or (house or {}).get(language)
    try:
        calls = views(payload, language, region, voicemail, links)
        if template is not None:
            try:
                return _own(template, calls, payload)
            except OwnWordsError as error:
                about = one_line(payload.get("call_id") or payload["digest"][0]["call_id"], 80)
                trouble("notify.own_words_failed", call_id=about, error=str(error))
        return _many(calls, payload) if "digest" in payload else _one(calls[0])
    except WRONG as error:
        raise RenderError(f"{type(error).__name__}: {error}") from error


def preview(
    payload: Mapping[str, Any],
    rule: Mapping[str, Any],
    language: str,
    region: str,
    links: Links = NO_LINKS,
    *,
    house: Mapping[str, Words] | None = None,
) -> Page:
    """What a rule, as plain JSON, would make of a past call. `language`: of the client; the rule's own comes before it.

    Raises:
        RenderError: the template or the payload is wrong; the text says how.
    """
    failed: list[str] = []

    def keep(_event: str, /, **about: Any) -> None:
        failed.append(about["error"])

    tried = {**payload, "rule": rule}
    spoken = rule.get("language") or language
    page = render(tried, spoken, region, recording_as(tried), links, house=house, trouble=keep)
    if failed:
        raise RenderError(failed[0])
    return page


def views(
    payload: Mapping[str, Any], language: str, region: str, voicemail: Voicemail, links: Links = NO_LINKS
) -> tuple[View, ...]:
    """The calls of a message: the one it is about, or those of a digest, oldest first.

    Raises:
        LookupError, TypeError, ValueError, ArithmeticError: the payload is none.
    """
    if "digest" not in payload:
        return (view(payload, language, region, voicemail, links),)
    about = {"client_name": payload["client_name"], "timezone": payload["timezone"], "rule": rule_of(payload)}
    return tuple(
        view(
            {**call, **about},
            language,
            region,
            "linked" if call.get("recording") and voicemail != "none" else "none",
            links,
        )
        for call in payload["digest"]
    )


def _one(seen: View) -> Page:
    values = said(seen)
    return Page(one_line(values["subject"], 250), *laid_out("call", values), seen.urgent)


def _many(calls: Sequence[View], payload: Mapping[str, Any]) -> Page:
    values = _about_all(calls, payload)
    text, html = laid_out("digest", values | {"calls": [said(one) for one in calls]})
    return Page(one_line(values["subject"], 250), text, html, values["urgent"])


def _about_all(calls: Sequence[View], payload: Mapping[str, Any]) -> dict[str, Any]:
    return said_of_all(calls, _days(payload, calls[0].language), calls[0].client)


def _days(payload: Mapping[str, Any], language: str) -> str:
    """The day of a digest's calls, or the first and the last one."""
    if not tells(rule_of(payload), Fact.TIME):
        return ""
    zone = {"timezone": payload["timezone"]}
    days = [started({**call, **zone}).date() for call in payload["digest"]]
    ends = sorted({min(days), max(days)})
    return " / ".join(babel.dates.format_skeleton("MMMMd", day, locale=LOCALES[language]) for day in ends)


def _own(template: Words, calls: Sequence[View], payload: Mapping[str, Any]) -> Page:
    """By own words; a digest has those of each call one below the other, under the usual subject."""
    written = [own_words.write(template, one) for one in calls]
    values = _about_all(calls, payload) if "digest" in payload else said(calls[0])
    subject = ("" if "digest" in payload else written[0][0]) or one_line(values["subject"], 250)
    text = f"\n{'-' * 40}\n\n".join(text for _, text in written)
    urgent = any(one.urgent for one in calls)
    html = framed(
        {"language": calls[0].language, "subject": subject, "client": calls[0].client, "text": text, "urgent": urgent}
    )
    return Page(subject, text, html, urgent)

"""Is a flat rate worth it? A page for everybody: a telephone log, or a few numbers, and an answer. Nothing is kept."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vorzimmer.core.plain_text import many_lines
from vorzimmer.core.rating import Place
from vorzimmer.core.stretches import Month
from vorzimmer.core.worth_asked import Answer, Asked
from vorzimmer.core.worth_words import Language
from vorzimmer.store import billing_book
from vorzimmer.web.access import TheParts, address_of
from vorzimmer.web.parts import Parts
from vorzimmer.web.problem import Problem
from vorzimmer.web.worth import Busy, fields
from vorzimmer.web.worth_page_words import DAYS, WORDS

router = APIRouter(prefix="/worth", include_in_schema=False)

PAGES = Path(str(files("vorzimmer.web"))) / "pages"

HEADERS = {"Cache-Control": "no-store"}

MOST_LINES = 5000
"""Of a log, here."""

MOST_A_DAY = 2000
LONGEST = 60
"""Calls of a day, and minutes of a call, that may be typed."""

_TEMPLATE = Environment(
    loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
).get_template("worth.html.j2")


class _Refused(Exception):
    """There is no answer: HTTP's status, and the word for why."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status, self.word = status, word


@router.get("/look.css")
async def look() -> FileResponse:
    """How the page looks."""
    return FileResponse(PAGES / "worth.css", headers={"Cache-Control": "no-cache"})


@router.get("")
async def page(request: Request, parts: TheParts, lang: str = "") -> Response:
    """The form."""
    _calculator(parts)
    return _html(parts, _language(request, lang), {})


@router.post("")
async def ask(request: Request, parts: TheParts, lang: str = "") -> Response:
    """The form, and the answer above it."""
    calculator = _calculator(parts)
    language = _language(request, lang)
    typed: Mapping[str, str] = {}
    try:
        told = await _told(request, parts)
        typed = {name: many_lines(told[name].decode("utf-8", "replace")) for name in told if name != "log"}
        answer = await calculator(await _asked(told, typed, parts, language))
    except _Refused as refused:
        return _html(parts, language, typed, refused.status, wrong=WORDS[language][refused.word])
    except Busy:
        return _html(parts, language, typed, 503, wrong=WORDS[language]["busy"])
    except Problem:
        return _html(parts, language, typed, 503, wrong=WORDS[language]["away"])
    if answer.refused:
        return _html(parts, language, typed, 422, wrong=answer.refused)
    return _html(parts, language, typed, answer=answer)


async def _asked(told: Mapping[str, bytes], typed: Mapping[str, str], parts: Parts, language: Language) -> Asked:
    """For the next month, by the house's clock and holidays."""
    log = told.get("log") or told.get("text", b"").strip() or None
    week, seconds = _numbers(typed) if log is None else ((), 0)
    async with parts.database.connection() as conn:
        versions = await billing_book.tariffs(conn)
    here = parts.clock().astimezone(ZoneInfo(parts.timezone))
    place, month = Place(parts.timezone, parts.region), Month(here.year, here.month).after
    return Asked(versions, place, month, language, log, week, seconds, MOST_LINES)


def _calculator(parts: Parts) -> Any:
    if parts.worth is None:
        raise Problem(404, "not_found", "there is no such page")
    return parts.worth


def _language(request: Request, lang: str) -> Language:
    """As asked for, else as the browser likes it best, else German."""
    if lang in WORDS:
        return "en" if lang == "en" else "de"
    return "en" if request.headers.get("accept-language", "").casefold().startswith("en") else "de"


async def _told(request: Request, parts: Parts) -> Mapping[str, bytes]:
    """What came in the form, if whoever sends it may ask."""
    if not parts.worth_turns.take(address_of(request), parts.clock()):
        raise _Refused(429, "too_often")
    kind, body = request.headers.get("content-type", ""), await request.body()
    try:
        return await asyncio.to_thread(fields, kind, body)
    except ValueError:
        raise _Refused(422, "no_form") from None


def _numbers(typed: Mapping[str, str]) -> tuple[tuple[int, ...], int]:
    """Calls by weekday, and the seconds of one."""
    try:
        week = tuple(int(typed.get(day, "").strip() or 0) for day in DAYS)
        minutes = float(typed.get("minutes", "").strip().replace(",", ".") or 2)
    except ValueError:
        raise _Refused(422, "bad_numbers") from None
    if not all(0 <= count <= MOST_A_DAY for count in week) or not 0 < minutes <= LONGEST:
        raise _Refused(422, "bad_numbers")
    if not any(week):
        raise _Refused(422, "nothing")
    return week, max(1, round(minutes * 60))


def _html(
    parts: Parts,
    language: Language,
    typed: Mapping[str, str],
    status: int = 200,
    *,
    answer: Answer | None = None,
    wrong: str = "",
) -> HTMLResponse:
    plots = {} if answer is None or answer.plots is None else answer.plots
    text = _TEMPLATE.render(
        language=language,
        other="en" if language == "de" else "de",
        house=parts.house,
        words=WORDS[language],
        days=DAYS,
        typed=typed,
        most=MOST_A_DAY,
        answer=answer,
        wrong=wrong,
        plots={one: f"data:image/svg+xml;base64,{base64.b64encode(plots[one]).decode()}" for one in plots},
    )
    return HTMLResponse(text, status, HEADERS)

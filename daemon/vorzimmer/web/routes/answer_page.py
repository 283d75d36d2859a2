"""The page behind the link of a message: whoever has the message marks the call as done, or replies; no login.

Opening it changes nothing, for mail scanners open every link: only a button does. It needs no script. Its address is a
signed token, so a page from elsewhere cannot make a browser press a button of a call whose link it does not have.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vorzimmer.core import number
from vorzimmer.core.answer import LONGEST, Kind, Via
from vorzimmer.core.client import Client
from vorzimmer.core.login import neighbourhood
from vorzimmer.core.plain_text import many_lines
from vorzimmer.store import answers
from vorzimmer.store.answers import About, Answer, NotTaken, Said
from vorzimmer.store.signed_links import BadLink, OldLink, open_signer
from vorzimmer.web.access import TheParts, address_of
from vorzimmer.web.answer_words import WORDS, Language, when
from vorzimmer.web.parts import Parts
from vorzimmer.web.problem import Problem

router = APIRouter(prefix="/m", include_in_schema=False)

PAGES = Path(str(files("vorzimmer.web"))) / "pages"

HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}

_TEMPLATE = Environment(
    loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
).get_template("answer.html.j2")


class _Closed(Exception):
    """The page cannot be shown: its status, and the word for why. `language`: the client's, if it is known."""

    def __init__(self, status: int, word: str, language: Language = "de") -> None:
        super().__init__(word)
        self.status, self.word, self.language = status, word, language


@dataclass(frozen=True, slots=True)
class _Door:
    """What a link opens."""

    call: str
    client: Client

    @property
    def language(self) -> Language:
        return self.client.language.value


@dataclass(frozen=True, slots=True)
class _Beside:
    """A page's sentences beside the call. `text`: what was typed already."""

    well: str = ""
    wrong: str = ""
    text: str = ""


@router.get("/look.css")
async def look() -> FileResponse:
    """How the page looks."""
    return FileResponse(PAGES / "answer.css", headers={"Cache-Control": "no-cache"})


@router.get("/{token}")
async def page(token: str, request: Request, parts: TheParts, said: str = "") -> Response:
    """The call, and what can be said of it. `said`: what was said just now."""
    try:
        door = await _open(token, request, parts)
        return await _page(door, parts, _Beside(well=WORDS[door.language].get(f"said.{said}", "")))
    except (_Closed, Problem) as refused:
        return _closed(refused, parts)


@router.post("/{token}")
async def press(token: str, request: Request, parts: TheParts) -> Response:
    """A button was pressed. Then the page is shown anew, so that loading it again presses nothing."""
    wish = _wish(await request.body())
    try:
        door = await _open(token, request, parts)
        word = await _say(wish, door, parts)
        if word is None:
            return RedirectResponse(f"/m/{quote(token)}?said={wish.kind}", 303, HEADERS)
        return await _page(door, parts, _Beside(wrong=WORDS[door.language][word], text=wish.text), 422)
    except (_Closed, Problem) as refused:
        return _closed(refused, parts)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a form says. `once`: of the page on which the button was pressed. `kind`: None: none that there is."""

    kind: Kind | None
    text: str
    once: str


def _wish(body: bytes) -> _Wish:
    try:
        told = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
    except ValueError:
        return _Wish(None, "", "")
    kind, text, once = (told.get(name, [""])[0] for name in ("say", "text", "once"))
    return _Wish(Kind(kind) if kind in list(Kind) else None, many_lines(text).strip(), once)


async def _say(wish: _Wish, door: _Door, parts: Parts) -> str | None:
    """Keep what was said; the word for why not. A button that is pressed twice on one page says it once."""
    if wish.kind is None or (wish.kind is Kind.REPLY and not wish.text):
        return "empty"
    if len(wish.text) > LONGEST:
        return "too_long"
    digest = hashlib.sha256(f"{wish.once} {wish.kind} {wish.text}".encode()).hexdigest()
    said = Said(wish.kind, wish.text, "link", Via.LINK, f"form:{digest}" if wish.once else None)
    try:
        async with parts.database.connection() as conn:
            await answers.add(conn, door.call, door.client.id, said, parts.clock())
    except NotTaken as refused:
        if refused.code == "unknown":
            raise _Closed(410, "expired", door.language) from None
        # Somebody else has opened it again meanwhile: that is what was wanted.
        return "too_many" if refused.code == "too_many" else None
    return None


async def _open(token: str, request: Request, parts: Parts) -> _Door:
    """What the token opens. Whoever makes tokens up has to wait; who has a real one is never held up.

    Raises:
        _Closed: it opens nothing, or none is tried for a while.
        Problem: 503, the database is away.
    """
    address = address_of(request)
    attempt = parts.throttle.begin(f"link {neighbourhood(address)}", address)
    if attempt.wait:
        raise _Closed(429, "too_often")
    try:
        async with parts.database.connection() as conn:
            signer = await open_signer(conn)
        about = signer.read("answer", token, parts.clock())
    except (OldLink, Problem) as refused:
        parts.throttle.take_back(attempt)
        if isinstance(refused, Problem):
            raise
        raise _Closed(410, "expired") from None
    except BadLink:
        raise _Closed(404, "forged") from None
    parts.throttle.take_back(attempt)
    client = parts.directory().clients.get(about["client"])
    if client is None:
        raise _Closed(410, "expired")
    return _Door(about["call"], client)


async def _page(door: _Door, parts: Parts, beside: _Beside, status: int = 200) -> HTMLResponse:
    """The call's page.

    Raises:
        _Closed: the call is not known any more.
    """
    async with parts.database.connection() as conn:
        about = await answers.about(conn, door.call, door.client.id)
        found = await answers.of_calls(conn, (door.call,), door.client.id)
    if about is None:
        raise _Closed(410, "expired", door.language)
    words, zone = WORDS[door.language], ZoneInfo(door.client.timezone)
    call = {
        "client": words["for"].format(client=door.client.name),
        "facts": _facts(about, words, parts.region),
        "done": _done(found, words, zone, door.language),
        "replies": [
            words["replied"].format(at=when(one.at.astimezone(zone), door.language))
            for one in found
            if one.kind is Kind.REPLY
        ],
    }
    heading = words["title"].format(at=when(about.at.astimezone(zone), door.language))
    return _html(parts, door.language, status, heading=heading, call=call, beside=beside)


def _facts(about: About, words: Mapping[str, str], region: str) -> list[tuple[str, str]]:
    """Who called, and the note's title; nothing of what the client's rules leave out."""
    caller = ", ".join(filter(None, (about.caller_name, number.show(about.caller, region) if about.caller else None)))
    facts = ((words["caller"], caller), (words["about"], about.title or ""))
    return [(label, fact) for label, fact in facts if fact]


def _done(found: Sequence[Answer], words: Mapping[str, str], zone: ZoneInfo, language: Language) -> str:
    """Since when it is done; empty: it is not."""
    if not answers.is_done(found):
        return ""
    last = [one for one in found if one.kind is Kind.DONE][-1]
    return words["is_done"].format(at=when(last.at.astimezone(zone), language))


def _closed(refused: _Closed | Problem, parts: Parts) -> HTMLResponse:
    """A page that says why there is none."""
    language: Language = refused.language if isinstance(refused, _Closed) else "de"
    word = refused.word if isinstance(refused, _Closed) else "away"
    words = WORDS[language]
    return _html(
        parts, language, refused.status, heading=words["problem"], call=None, beside=_Beside(wrong=words[word])
    )


def _html(parts: Parts, language: Language, status: int, **shown: Any) -> HTMLResponse:
    text = _TEMPLATE.render(
        language=language,
        house=parts.house,
        words=WORDS[language],
        once=secrets.token_urlsafe(16),
        longest=LONGEST,
        **shown,
    )
    return HTMLResponse(text, status, HEADERS)

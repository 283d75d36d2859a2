"""The pages' server: one ASGI application, its routes, and what is true of every answer.

Whatever reads a request checks it here, once: size, form, who asks. A page never touches a call itself: it asks the
calls process, which may say no.
"""

from __future__ import annotations

import asyncio
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.responses import FileResponse, PlainTextResponse
from starlette.datastructures import MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vorzimmer.core.announcement import BYTES
from vorzimmer.web import problems
from vorzimmer.web.parts import Parts

LONGEST_NOTE = 256 * 1024
"""Bytes of a request that holds a note, or all that a client edits at once; several times what fits."""

LONGEST_BODY = 16 * 1024
"""Bytes of every other request: thousands of wrong fields take long to be refused, and anybody may send them."""

_WITH_NOTE = re.compile(
    r"/api/(calls/[^/]+/notes|notes/[^/]+|clients/[^/]+/(hours|preview|contacts|contacts/on-call|settings|menus|menus/check"
    r"|notifications|notifications/preview|calls/[^/]+/answers))|/m/[^/]+"
)

LONGEST_LOG = 1024 * 1024
"""Bytes of a telephone log: more than the lines that are taken."""

TOO_LONG_LOG = (
    "Das Protokoll ist zu groß: höchstens 1 MB. Eine Woche genügt.\n"
    "The log is too large: 1 MB at most. A week is enough.\n"
)

_WITH_SOUND = re.compile(r"/api/clients/[^/]+/announcements/[^/]+/versions(/[0-9]+/file)?")

STATIC = Path(str(files("vorzimmer.web"))) / "static"
"""What `make setup` built of `front/`."""


def create(parts: Parts, routers: tuple[APIRouter, ...]) -> FastAPI:
    """The application."""
    app = FastAPI(
        title="Vorzimmer",
        description="What the pages do, for programs too: `Authorization: Bearer TOKEN`.",
        version="1",
        openapi_url=None,  # FastAPI would make it in the loop, and hold everything up for a second
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
    )
    app.state.parts = parts
    problems.install(app)
    for router in routers:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False), name="static")

    @app.get("/", include_in_schema=False)
    @app.get("/wall", include_in_schema=False)
    @app.get("/admin", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    one_at_a_time = asyncio.Lock()

    @app.get("/api/openapi.json", include_in_schema=False)
    async def description() -> dict[str, Any]:
        async with one_at_a_time:  # it is kept, and two that make it at once would disturb each other
            return await asyncio.to_thread(app.openapi)

    app.add_middleware(Guard, policy=policy(parts.phones.sip_url))
    return app


def policy(sip_url: str) -> str:
    """The Content-Security-Policy: nothing inline, nothing from elsewhere but the telephone's socket."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
        f"font-src 'self'; connect-src 'self' {sip_url.partition('?')[0]}; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


class Guard:
    """Puts the headers on every answer, and lets no body in that is too long."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "microphone=(self), speaker-selection=(self), camera=(), geolocation=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        most = _longest(scope)
        if _told_length(scope, most) > most:
            headers = {"Connection": "close"}
            if scope["path"] == "/worth":  # a page for everybody: people read this
                await PlainTextResponse(TOO_LONG_LOG, 413, headers)(scope, receive, answer)
                return
            too_long = problems.Problem(413, "too_long", _at_most(most), headers=headers)
            await problems.answer_of(too_long)(scope, receive, answer)
            return
        await self._app(scope, _limited(receive, most), answer)


def _longest(scope: Scope) -> int:
    """How many bytes a request to this path may hold."""
    if scope["method"] == "POST" and _WITH_SOUND.fullmatch(scope["path"]):
        return BYTES
    if scope["method"] == "POST" and scope["path"] == "/worth":
        return LONGEST_LOG
    return LONGEST_NOTE if _WITH_NOTE.fullmatch(scope["path"]) else LONGEST_BODY


def _told_length(scope: Scope, most: int) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else most + 1
    return 0


def _limited(receive: Receive, most: int) -> Receive:
    """A body of untold length is cut off where it gets too long."""
    came = 0

    async def limited() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > most:
            # The one exception that FastAPI lets through while it reads a body.
            raise HTTPException(413, _at_most(most), {"Connection": "close"})
        return message

    return limited


def _at_most(most: int) -> str:
    return f"a request like this has at most {most} bytes"

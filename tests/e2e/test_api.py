"""The API over every route: nobody reaches what is somebody else's, and nothing that is sent is a mistake of ours."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.desk import Desk, add_user
from tests.e2e.house import CALLER, House
from tests.e2e.test_console import ANNA, LAW
from vorzimmer.web.access import Role

BERT: dict[str, Any] = {"id": "bert", "name": "Bert Klein", "phones": ["agent2"], "clients": ["shop"]}
SHOP: dict[str, Any] = {"id": "shop", "name": "Laden", "dids": ["+4989777"], "open": {"chain": [{"to": "queue"}]}}

SECRET = "Scheidung ohne Wissen des Mannes"
SECRETS = (SECRET, CALLER, CALLER.removeprefix("+49"), "Müller", '"law"')
"""What only those may read who answer for that client."""

SOON = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
UNKNOWN = {
    "order": "999999",
    "step": "1",
    "version": "999999",
    "name": "nothing",
    "n": "0",
    "call": "1700000000.1",
    "note": "00000000-0000-4000-8000-000000000000",
    "notice": "00000000-0000-4000-8000-000000000000",
    "message": "999999",
    "answer": "999999",
    "task": "00000000-0000-4000-8000-000000000000",
    "client": "nobody",
    "user": "nobody",
    "number": "999999",
    "wish": "hold",
    "what": "pause",
    "month": "2026-10",
    "form": "pdf",
}

BODIES: dict[str, Any] = {
    "DELETE /api/me/tokens/{number}": None,
    "PATCH /api/users/{user}": {"name": "Mallory"},
    "POST /api/users/{user}/password": {},
    "GET /api/calls/{call}/history": None,
    "GET /api/calls/{call}/notes": None,
    "POST /api/calls/{call}/notes": {"form": "message"},
    "PUT /api/notes/{note}": {"values": {"message": "forged"}, "urgent": True, "version": 1},
    "DELETE /api/notes/{note}": None,
    "POST /api/notes/{note}/finish": {"version": 1},
    "POST /api/notes/{note}/reopen": {},
    "POST /api/notes/{note}/client": {"client": "shop", "reason": "mine now"},
    "GET /api/clients/{client}/forms": None,
    "GET /api/clients/{client}/notices": None,
    "POST /api/clients/{client}/notices": {"text": "forged", "until": SOON},
    "DELETE /api/clients/{client}/notices/{notice}": None,
    "POST /api/tasks/{task}/stop": {},
    "POST /api/calls/{call}/transfer": {"to": "chief", "attended": False},
    "POST /api/calls/{call}/move": {"phone": "agent2"},
    "POST /api/calls/{call}/result": {"result": "spam"},
    "POST /api/calls/{call}/recording/start": {"consent": "agent"},
    "POST /api/calls/{call}/recording/{what}": {},
    "POST /api/calls/{call}/{wish}": {},
}
"""What is sent to routes that take an id, so that they would do something; to all others something empty.

What clients' users send to the routes of their portal is `tests/web/test_foreign_client.py`.
"""


@dataclass
class Busy:
    """A house in which Anna talks for the law firm, and has written things down."""

    house: House
    anna: Desk
    ids: dict[str, str]
    routes: dict[str, Any]

    async def is_untouched(self) -> bool:
        """Whether Anna's talk and her note are as they were."""
        [note] = await self.anna.get(f"/calls/{self.ids['call']}/notes")
        call = self.anna.view["call"]
        kept = (note["id"], note["values"]["message"], note["version"]) == (self.ids["note"], SECRET, 1)
        return kept and self.anna.view["state"] == "talking" and not call["held"] and call["transfer"] is None


@pytest.fixture
async def busy(house: House) -> AsyncIterator[Busy]:
    """Anna has a caller, a note, a notice, a task and a token; Bert and the shop's user have nothing to do with it."""
    web = house.settings.web.model_copy(update={"totp_for": ()})
    house.settings = house.settings.model_copy(update={"web": web})
    await house.use(LAW, SHOP, agents=(ANNA, BERT))
    await add_user(house.settings, "anna", Role.AGENT, agent="anna")
    await add_user(house.settings, "bert", Role.AGENT, agent="bert")
    await add_user(house.settings, "keeper", Role.CLIENT, client="shop")
    await add_user(house.settings, "boss", Role.SUPERVISOR)
    await add_user(house.settings, "root", Role.ADMIN)
    await house.start()
    telephone = await house.agent(1)
    async with Desk.open(house.settings, "anna") as anna, anna.watching():
        await anna.post("/agent/login")
        call = await house.call("+4989123456")
        await (await telephone.invited()).answer()
        await anna.sees(lambda desk: bool(desk.view["call"]) and desk.view["call"]["mine"])
        call_id = anna.view["call"]["id"]
        note = await anna.post(f"/calls/{call_id}/notes", form="message", values={"message": SECRET})
        notice = await anna.post("/clients/law/notices", text=SECRET, until=SOON)
        task = await anna.post("/tasks/start", client="law", what=SECRET)
        token = await anna.post("/me/tokens", name=SECRET)
        ids = {"call": call_id, "note": note["id"], "notice": notice["id"], "task": task["id"], "client": "law"}
        ids = {**UNKNOWN, **ids, "user": "anna", "number": str(token["id"])}
        yield Busy(house, anna, ids, (await anna.get("/openapi.json"))["paths"])
        await call.hang_up()
        await anna.is_in("wrap_up")


def operations(routes: dict[str, Any]) -> list[tuple[str, str]]:
    """Every method and path."""
    return [(method.upper(), path) for path, methods in routes.items() for method in methods]


async def send(desk: Desk, method: str, path: str, body: Any) -> httpx.Response:
    """Ask for it as this person."""
    return (
        await desk.http.request(method, path, json=body) if body is not None else await desk.http.request(method, path)
    )


@pytest.mark.parametrize("user", ["bert", "keeper"])
async def test_no_id_opens_what_is_somebody_elses(busy: Busy, user: str) -> None:
    """Whatever route, whatever id of Anna's: an agent or client who puts it in gets what an id of nobody's gets."""
    taking = {f"{method} {path}" for method, path in operations(busy.routes) if "{" in path and "{token}" not in path}
    assert taking >= BODIES.keys()
    async with Desk.open(busy.house.settings, user) as desk:
        for operation in taking:
            method, path = operation.split()
            body = BODIES.get(operation, None if method in ("GET", "DELETE") else {})
            real = await send(desk, method, path.format(**busy.ids), body)
            none = await send(desk, method, path.format(**UNKNOWN), body)
            refused = {403, 404} if operation in BODIES else {403, 404, 422}
            assert real.status_code in refused, f"{operation}: {real.status_code} {real.text}"
            assert (real.status_code, real.text) == (none.status_code, none.text), operation
    assert await busy.is_untouched()


@pytest.mark.parametrize("user", ["bert", "keeper"])
async def test_no_list_shows_what_is_somebody_elses(busy: Busy, user: str) -> None:
    """Every answer that takes no id holds nothing of Anna's caller, client, note, notice, task or token."""
    async with Desk.open(busy.house.settings, user) as desk:
        for method, path in operations(busy.routes):
            if method == "GET" and "{" not in path and not path.endswith("/events"):
                answer = await desk.http.get(path)
                assert answer.status_code in {200, 403, 404}, f"{path}: {answer.text}"
                assert not [secret for secret in SECRETS if secret in answer.text], path


async def test_an_id_inside_a_request_opens_nothing_either(busy: Busy) -> None:
    """A task for a client that one does not serve, or about a call that is not one's own, is refused as unknown."""
    async with Desk.open(busy.house.settings, "bert") as bert:
        for body in ({"client": "law", "what": "x"}, {"client": "shop", "what": "x", "call": busy.ids["call"]}):
            answer = await bert.http.post("/api/tasks/start", json=body)
            assert answer.status_code == 404, answer.text
        answer = await bert.http.post("/api/supervise", json={"agent": "anna", "stage": "listen"})
        assert answer.status_code == 403
    assert await busy.is_untouched()


@asynccontextmanager
async def bearer(house: House, user: str) -> AsyncIterator[str]:
    """A token of this user's."""
    async with Desk.open(house.settings, user) as desk:
        yield (await desk.post("/me/tokens", name="tester"))["token"]


async def schemathesis(house: House, user: str, folder: Path, *how: str) -> None:
    """Send every route what its description allows, and what it does not; a 5xx fails."""
    base = f"http://{house.settings.web.host}:{house.settings.web.port}"
    async with bearer(house, user) as token:
        running = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", f"{base}/api/openapi.json", "--checks", "not_a_server_error", "--no-color", "--seed", "1"),
            *("--exclude-path-regex", "/events$|/logout$", "--generation-database", "none"),
            *("--header", f"Authorization: Bearer {token}", *how),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await running.communicate()
    assert running.returncode == 0, told.decode()[-4000:]


async def test_nothing_that_is_sent_makes_a_mistake_of_ours(busy: Busy, tmp_path: Path) -> None:
    """What a program with an agent's token sends, well-formed or not, is answered by no 5xx."""
    await schemathesis(busy.house, "bert", tmp_path, "--phases", "fuzzing", "--max-examples", "3")
    assert await busy.is_untouched()


@pytest.mark.long
@pytest.mark.parametrize("user", ["bert", "keeper", "boss", "root"])
async def test_nothing_at_all_makes_a_mistake_of_ours(busy: Busy, user: str, tmp_path: Path) -> None:
    """The same for each role, at every border of the description."""
    await schemathesis(busy.house, user, tmp_path, "--phases", "examples,coverage,fuzzing", "--max-examples", "30")

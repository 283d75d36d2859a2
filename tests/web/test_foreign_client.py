"""Every route of the description, asked by a client's user who puts another client's ids into it: nothing is there.

A new route is asked too, without being named here; a parameter of a new name must be given its ids below.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.billing.statement_samples import LINES, statement_of
from tests.web.door import Browser
from tests.web.portal_house import MARK, PortalHouse
from tests.web.samples import sample
from vorzimmer.core.answer import Kind as AnswerKind
from vorzimmer.core.answer import Via
from vorzimmer.sandbox import ports
from vorzimmer.store import answers, audit, statements, tokens
from vorzimmer.store.answers import Said
from vorzimmer.store.audit import Actor
from vorzimmer.web.serving import serving
from vorzimmer.web.sessions import digest_of, new_token

UUID = "00000000-0000-4000-8000-000000000000"

UNKNOWN: Mapping[str, Any] = {
    "client": "nobody",
    "call": "1700000000.1",
    "note": UUID,
    "notice": UUID,
    "task": UUID,
    "user": "nobody",
    "number": "+493000000",
    "order": 999_999,
    "message": 999_999,
    "answer": 999_999,
    "version": 999_999,
    "step": 1,
    "n": 0,
    "name": "nothing",
    "wish": "hold",
    "what": "pause",
    "month": "2026-10",
    "form": "pdf",
}
"""Ids of nothing, by the name of the parameter or of the field in a body."""

IN_BODIES = frozenset({"client", "call", "user", "note", "order", "number"})
"""Fields of a body that name something; others of those names are what people write."""

EVERYBODYS = ("name", "month", "form")
"""Parameters that name nothing of anybody's own: every client has announcements of the same names, and months."""

PUBLIC = ("/invitations/{token}", "/password/reset/{token}", "/order-links/{token}", "/password/forgotten", "/login")
"""For everybody: who holds a link or a password comes in by it, what is forgotten is mailed to who has forgotten it."""


@dataclass(frozen=True)
class Operation:
    """A method and a path of the description. `body`: one that it allows; `fields`: all that could stand there."""

    method: str
    path: str
    parameters: Mapping[str, str]
    fields: frozenset[str]
    body: Any

    def request(self, ids: Mapping[str, Any], tokens_id: int) -> tuple[str, Any]:
        """The path and the body with these ids in them."""
        values = {
            name: tokens_id if name == "number" and kind == "integer" else ids[name]
            for name, kind in self.parameters.items()
        }
        named = {name: ids[name] for name in self.fields & IN_BODIES}
        return self.path.format(**values), {**self.body, **named} if isinstance(self.body, dict) else self.body


def operations(house: PortalHouse) -> Iterator[Operation]:
    """All of them, but those that are public by a link."""
    described = house.app.openapi()
    schemas = described["components"]["schemas"]
    for path, methods in described["paths"].items():
        short = path.removeprefix("/api")
        if short in PUBLIC:
            continue
        for method, about in methods.items():
            named = {one["name"]: one["schema"].get("type", "") for one in about.get("parameters", [])}
            parameters = {name: kind for name, kind in named.items() if f"{{{name}}}" in path}
            content = about.get("requestBody", {}).get("content", {}).get("application/json", {})
            schema = content.get("schema", {})
            fields = schemas.get(schema.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
            body = sample(schema, schemas) if schema else None
            needed = [one for one in about.get("parameters", []) if one["in"] == "query" and one.get("required")]
            query = urlencode({one["name"]: sample(one["schema"], schemas) for one in needed})
            address = f"{short}?{query}" if query else short
            yield Operation(method.upper(), address, parameters, frozenset(fields), body)


async def foreign_ids(house: PortalHouse) -> dict[str, Any]:
    """The other client has one of everything, and its mark is in all of it. Their ids, named as in `UNKNOWN`."""
    conn, at = house.conn, house.watch.at
    await house.called("foreign", "meier", at, caller_name=MARK, recording="foreign.wav", recording_seconds=1)
    house.sound("foreign.wav", MARK.encode() * 10)
    note = await house.noted("foreign", "meier", MARK)
    fremd = await house.inside("fremd")
    until = house.watch.at.replace(hour=17).isoformat()
    notice = (await fremd.ask("POST", "/clients/meier/notices", {"text": MARK, "until": until})).json()["id"]
    await tokens.add(conn, digest_of(new_token()), "fremd", MARK, at, None)
    task = await conn.fetchval(
        "INSERT INTO task_work (id, author, agent, client, what) VALUES (gen_random_uuid(), 'x', 'anna', 'meier', $1)"
        " RETURNING id::text",
        MARK,
    )
    version = await conn.fetchval(
        "INSERT INTO announcement_version (client_id, name, production, state, item, test_code, created_by, text)"
        " VALUES ('meier', 'greeting', 'upload', 'draft', 'a1b2c3d4e5f60718', '4711', 'fremd', $1) RETURNING id",
        MARK,
    )
    order = await conn.fetchval(
        "INSERT INTO setup_order (client_id, client_name, kind, language, mail, currency, items, wishes, placed_by,"
        " placed_at) VALUES ('meier', $1, 'change', 'de', '{}', 'EUR', '[]', $1, 'fremd', $2) RETURNING id",
        MARK,
        at,
    )
    await conn.execute(
        "INSERT INTO setup_step (order_id, n, option, title, owner, due, state) VALUES"
        " ($1, 1, 'wish', jsonb_build_object('de', $2::text, 'en', $2::text), 'it', '2026-12-01', 'open')",
        order,
        MARK,
    )
    message = await conn.fetchval(
        "INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id, state) VALUES"
        " ('foreign', 'meier', 'email', $1, 'de', '{}', 'foreign', 'dead') RETURNING id",
        MARK,
    )
    await conn.execute("INSERT INTO outbox_copy VALUES ($1, now(), 'text/plain', $2)", message, MARK.encode())
    said = Said(AnswerKind.REPLY, MARK, "fremd", Via.PORTAL)
    answer = (await answers.add(conn, "foreign", "meier", said, at)).id
    await audit.note(conn, Actor("fremd"), "client.change", client="meier", after={"greeting": MARK})
    bill = statement_of(())
    await statements.add(
        conn, dataclasses.replace(bill, client="meier", lines=(dataclasses.replace(LINES[0], name=MARK),))
    )
    found = {"client": "meier", "call": "foreign", "note": note, "notice": notice, "task": task, "user": "fremd"}
    named = {
        "number": "+4930987654",
        "order": order,
        "message": message,
        "answer": answer,
        "version": version,
        "name": "greeting",
    }
    return {**UNKNOWN, **found, **named}


async def theirs(house: PortalHouse) -> list[str]:
    """Every row of every table that tells of the other client, and its sound."""
    tables = await house.conn.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    found = []
    for (table,) in tables:
        query = f"SELECT one::text FROM {table} AS one WHERE one::text ~ 'meier|fremd|foreign|{MARK}' ORDER BY 1"  # noqa: S608 - our tables
        if table != "web_session":
            found += [f"{table} {row}" for (row,) in await house.conn.fetch(query)]
    return [*found, str((house.folder / "foreign.wav").read_bytes())]


async def asked(person: Browser, method: str, path: str, body: Any) -> tuple[int, str]:
    """Status and text of the answer; one that is a stream would never end."""
    async with asyncio.timeout(10):
        answer = await person.ask(method, path, body)
    return answer.status_code, answer.text


async def test_no_id_opens_what_is_another_clients(portal: PortalHouse) -> None:
    """In address and body, alone or beside the own client's id: answered like an id of nothing, to the byte."""
    ids = await foreign_ids(portal)
    token = await portal.conn.fetchval("SELECT id FROM web_token")
    before, erika = await theirs(portal), await portal.inside("erika")
    own = {"client": "mueller"}
    tried = 0
    for operation in operations(portal):
        if not operation.parameters and not operation.fields & IN_BODIES:
            continue
        combinations = [(ids, UNKNOWN)]
        if "client" in operation.parameters and set(operation.parameters) - {"client", *EVERYBODYS}:
            combinations.append(({**ids, **own}, {**UNKNOWN, **own}))
        for foreign, unknown in combinations:
            path, body = operation.request(foreign, token)
            real = await asked(erika, operation.method, path, body)
            none = await asked(erika, operation.method, *operation.request(unknown, 999_999))
            assert real == none, f"{operation.method} {path}"
            assert real[0] in {403, 404}, f"{operation.method} {path}: {real}"
            assert MARK not in real[1]
            tried += 1
    assert tried > 60
    assert await theirs(portal) == before


async def test_nobody_gets_anything_without_a_login(portal: PortalHouse) -> None:
    """Whatever the route, with ids of things that are there; a new one without a guard is found here."""
    ids, nobody = await foreign_ids(portal), await portal.browser()
    for operation in operations(portal):
        if operation.path != "/logout":
            path, body = operation.request(ids, 1)
            status, text = await asked(nobody, operation.method, path, body)
            assert status == 401, f"{operation.method} {path}: {text}"


async def test_no_page_of_ones_own_shows_another_client(portal: PortalHouse) -> None:
    """Every answer to a client's user, of lists and of the own client's pages, holds nothing of the other one."""
    await foreign_ids(portal)
    await portal.called("own", "mueller", portal.watch.at)
    erika = await portal.inside("erika")
    shown = 0
    for operation in operations(portal):
        if operation.method != "GET" or operation.parameters.keys() - {"client"}:
            continue
        path = operation.path.partition("?")[0].format(client="mueller")
        for query in ("", f"?q={MARK}&since=2026-01-01&until=2026-12-31&client=meier"):
            status, text = await asked(erika, "GET", path + query, None)
            assert status in {200, 403, 404, 409, 422}, f"{path}: {text}"
            assert MARK not in text, path
            assert MARK.lower() not in text, path
            shown += status == 200
    assert shown > 20


async def test_a_body_about_the_own_client_reaches_no_other(portal: PortalHouse) -> None:
    """The other client's numbers, people and files, written into what is one's own."""
    ids = await foreign_ids(portal)
    before, erika = await theirs(portal), await portal.inside("erika")
    for operation in operations(portal):
        if set(operation.parameters) != {"client"} or operation.method == "GET":
            continue
        path = operation.path.format(client="mueller")
        bodies = [dict.fromkeys(operation.fields, value) for value in ("meier", ids["number"], ids["version"], [ids])]
        for body in (*bodies, {}, {**ids, "did": ids["number"], "at": "2026-11-24T10:00:00Z"}):
            status, text = await asked(erika, operation.method, path, body)
            assert status < 500, f"{operation.method} {path}: {text}"
            assert MARK not in text, path
    assert await theirs(portal) == before


async def schemathesis(house: PortalHouse, folder: Path, *how: str) -> None:
    """Send every route what its description allows, and what it does not, as a client's user; a 5xx fails."""
    token, port = new_token(), ports.free()
    house.app.openapi()  # made once and kept: schemathesis waits ten seconds for it, on a busy machine too
    (folder / "schemathesis.toml").write_text('[parameters]\n"path.client" = "mueller"\n"path.call" = "own"\n')
    await tokens.add(house.conn, digest_of(token), "erika", "tester", house.watch.at, None)
    async with serving(house.app, "127.0.0.1", port, lambda *_, **__: None):
        running = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", f"http://127.0.0.1:{port}/api/openapi.json", "--checks", "not_a_server_error", "--no-color"),
            *("--exclude-path-regex", "/events$|/logout$", "--generation-database", "none", "--seed", "1"),
            *("--header", f"Authorization: Bearer {token}", *how),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await running.communicate()
    assert running.returncode == 0, told.decode()[-4000:]


async def test_nothing_that_a_clients_user_sends_is_a_mistake_of_ours(portal: PortalHouse, tmp_path: Path) -> None:
    """Well-formed or not, of the own client: no 5xx; and the other client is as it was."""
    await foreign_ids(portal)
    await portal.called("own", "mueller", portal.watch.at)
    before = await theirs(portal)
    about_own = ("--include-path-regex", "^/api/clients/", "--phases", "fuzzing", "--max-examples", "3")
    await schemathesis(portal, tmp_path, *about_own)
    assert await theirs(portal) == before


@pytest.mark.long
async def test_nothing_at_all_that_a_clients_user_sends_is_a_mistake_of_ours(
    portal: PortalHouse, tmp_path: Path
) -> None:
    """The same at every border of the description."""
    await portal.called("own", "mueller", portal.watch.at)
    about_own = ("--include-path-regex", "^/api/clients/", "--phases", "examples,coverage,fuzzing")
    await schemathesis(portal, tmp_path, *about_own, "--max-examples", "20")

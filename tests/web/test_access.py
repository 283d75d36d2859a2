"""Who may enter where."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from fastapi import Request
from fastapi.security import HTTPAuthorizationCredentials

from tests.web.door import BOOK, PEOPLE, Door, code_of, door
from vorzimmer.core.directory import Directory
from vorzimmer.store import tokens
from vorzimmer.web import sessions
from vorzimmer.web.access import entered, goes_on
from vorzimmer.web.problems import Problem
from vorzimmer.web.sessions import EVERY, IDLE, LONGEST, digest_of, new_token

ROOMS = {
    "/rooms/anybody": {"root", "chief", "lead", "anna", "kanzlei"},
    "/rooms/supervisors": {"root", "chief", "lead"},
    "/rooms/agents": {"lead", "anna"},
    "/users": {"root"},
    "/me": {"root", "chief", "lead", "anna", "kanzlei"},
    "/me/tokens": {"root", "chief", "lead", "anna", "kanzlei"},
}


@pytest.fixture
async def house(dsn: str) -> AsyncIterator[Door]:
    """The pages with their users."""
    async with door(dsn) as opened:
        yield opened


async def token_of(house: Door, user: str, *, days: float | None = None) -> str:
    """A token of this user's."""
    text, at = new_token(), house.watch()
    async with house.database.connection() as conn:
        expires_at = None if days is None else at + timedelta(days=days)
        await tokens.add(conn, digest_of(text), user, "test", at, expires_at)
    return text


async def test_each_role_enters_where_it_may(house: Door) -> None:
    """Every user, at a browser and by a token, gets into exactly the rooms of the role; nobody else into any."""
    nobody = await house.browser()
    for path in ROOMS:
        assert code_of(await nobody.ask("GET", path)) == (401, "login")
    for user in PEOPLE:
        for visitor in (await house.inside(user), await house.program(await token_of(house, user))):
            for path, may in ROOMS.items():
                answer = await visitor.ask("GET", path)
                assert answer.status_code == (200 if user in may else 403), (user, path)


async def test_every_route_is_behind_the_door(house: Door) -> None:
    """Nobody gets anything but the login, whatever the method; a new route without a guard is found here."""
    nobody, open_to_all = await house.browser(), set()
    for path, methods in house.app.openapi()["paths"].items():
        for method in methods:
            asked = path.removeprefix("/api").replace("{user}", "anna").replace("{number}", "1")
            if (await nobody.ask(method.upper(), asked, {})).status_code != 401:
                open_to_all.add(path)
    assert open_to_all == {"/api/login", "/api/logout"}


async def test_without_the_second_factor_nothing_is_open(house: Door) -> None:
    """Who needs one and has none sees the own account only, by a token too."""
    await house.sql("UPDATE web_user SET totp_secret = NULL WHERE id = 'root'")
    browser = await house.browser()
    answer = await browser.log_in("root")
    assert (answer.json()["must_enrol"], answer.json()["totp"]) == (True, False)
    program = await house.program(await token_of(house, "root"))
    for visitor in (browser, program):
        assert code_of(await visitor.ask("GET", "/users")) == (403, "must_enrol")
        assert code_of(await visitor.ask("POST", "/rooms/anybody")) == (403, "must_enrol")
        assert (await visitor.ask("GET", "/me")).status_code == 200
    assert code_of(await browser.ask("POST", "/me/tokens", {"name": "wall"})) == (403, "must_enrol")
    assert (await browser.ask("POST", "/logout")).status_code == 204


async def test_who_is_not_in_the_book_stays_outside(house: Door) -> None:
    """An agent or a client that was removed, or is not known here yet, gets nothing; a supervisor is no agent then."""
    lead = await house.inside("lead")
    assert (await lead.ask("GET", "/rooms/anybody")).json()["agent"] == "ben"
    house.parts.directory = lambda: Directory(BOOK.group, (), ())
    assert code_of(await (await house.inside("anna")).ask("GET", "/rooms/anybody")) == (403, "no_agent")
    assert code_of(await (await house.inside("kanzlei")).ask("GET", "/rooms/anybody")) == (403, "no_client")
    assert (await lead.ask("GET", "/rooms/anybody")).json()["agent"] is None
    assert code_of(await lead.ask("GET", "/rooms/agents")) == (403, "no_agent")


async def test_a_program_needs_no_page(house: Door) -> None:
    """A token alone is enough, for unsafe requests too, and comes before whatever cookie is sent along."""
    program = await house.program(await token_of(house, "anna"))
    assert (await program.ask("POST", "/rooms/anybody")).json()["user"] == "anna"
    assert (await program.ask("GET", "/me")).json()["csrf"] == ""
    both = await house.inside("kanzlei")
    both.headers = program.headers
    assert (await both.ask("POST", "/rooms/anybody")).json()["user"] == "anna"


async def test_a_wrong_token_is_nobody(house: Door) -> None:
    """What is no token of ours lets nobody in, and is no mistake of the server's."""
    stranger = await house.browser()
    for authorization in ("Bearer", "Bearer x", f"Bearer vz_{'A' * 43}", "Basic YW5uYTp4", "Bearer \t", ""):
        stranger.headers = {"Authorization": authorization}
        assert code_of(await stranger.ask("GET", "/me")) == (401, "login")


async def test_a_token_runs_out(house: Door) -> None:
    """It is good to the last second and not beyond; one that has no end does not get idle."""
    short, long = [await house.program(await token_of(house, "anna", days=days)) for days in (1, None)]
    for program in (short, long):
        assert (await program.ask("GET", "/me")).status_code == 200
    house.watch.pass_by(hours=23, minutes=59, seconds=59)
    assert (await short.ask("GET", "/me")).status_code == 200
    house.watch.pass_by(seconds=1)
    assert code_of(await short.ask("GET", "/me")) == (401, "login")
    house.watch.pass_by(days=300)
    assert (await long.ask("GET", "/me")).status_code == 200
    await house.parts.sessions.compare()
    assert (await long.ask("GET", "/me")).status_code == 200
    assert code_of(await (await house.program(await token_of(house, "anna", days=-1))).ask("GET", "/me"))[0] == 401


async def test_a_session_ends_after_a_shift(house: Door) -> None:
    """Half a day after the login it is over, however much it is used, for other processes too."""
    browser = await house.inside("anna")
    for _ in range(4):
        house.watch.pass_by(hours=2, minutes=59)
        assert (await browser.ask("GET", "/me")).status_code == 200
    await house.parts.sessions.compare()
    house.watch.at += LONGEST - timedelta(hours=11, minutes=56)
    assert code_of(await browser.ask("GET", "/me")) == (401, "login")
    assert await house.another().of_cookie(str(browser.cookie)) is None


async def test_a_session_that_nobody_uses_ends(house: Door) -> None:
    """A page that was left is closed after some hours; one whose stream is open is not."""
    left, open_page = await house.inside("anna"), await house.inside("kanzlei")
    house.watch.at += IDLE - timedelta(seconds=1)
    assert (await open_page.ask("GET", "/rooms/stream")).json() is True
    house.watch.pass_by(seconds=1)
    assert code_of(await left.ask("GET", "/me")) == (401, "login")
    assert (await open_page.ask("GET", "/me")).status_code == 200
    await house.parts.sessions.compare()
    assert await house.sql("SELECT array_agg(user_id) FROM web_session") == ["kanzlei"]
    assert await house.another().of_cookie(str(open_page.cookie)) is not None


async def test_what_another_process_ends_is_over_here(house: Door) -> None:
    """Disabling, a new role, a new password at the command line reach every page within ten seconds."""
    assert EVERY < 10
    known = house.parts.sessions
    visitors = {user: await house.inside(user) for user in ("anna", "kanzlei", "chief")}
    program = await house.program(await token_of(house, "kanzlei"))
    held = {}
    for user, visitor in visitors.items():
        assert (await visitor.ask("GET", "/me")).status_code == 200
        held[user] = await known.of_cookie(str(visitor.cookie))
    assert (await program.ask("GET", "/me")).status_code == 200
    await house.sql("UPDATE web_user SET disabled_at = now() WHERE id = 'kanzlei'")
    await house.sql("DELETE FROM web_session WHERE user_id = 'anna'")
    await house.sql("UPDATE web_user SET name = 'Chief Clerk', language = 'en' WHERE id = 'chief'")
    await known.compare()
    assert code_of(await visitors["anna"].ask("GET", "/me")) == (401, "login")
    assert code_of(await visitors["kanzlei"].ask("GET", "/me")) == (401, "login")
    assert code_of(await program.ask("GET", "/me")) == (401, "login")
    assert (await visitors["chief"].ask("GET", "/me")).json()["name"] == "Chief Clerk"
    assert {user: known.goes_on(session) for user, session in held.items()} == {
        "anna": False,
        "kanzlei": False,
        "chief": True,
    }


async def test_a_restart_logs_nobody_out(house: Door) -> None:
    """Another process knows the session from the database, with the time it was last used, to the minute."""
    browser = await house.inside("anna")
    house.watch.pass_by(hours=3)
    await browser.ask("GET", "/me")
    await house.parts.sessions.compare()
    house.watch.pass_by(hours=3)
    found = await house.another().of_cookie(str(browser.cookie))
    assert found is not None
    assert found.identity.user == "anna"
    house.watch.pass_by(hours=4)
    assert await house.another().of_cookie(str(browser.cookie)) is None


async def test_use_is_noted_once_a_minute(house: Door) -> None:
    """Requests write nothing; the last use of a session and of a token gets to the database a minute later at most."""
    browser, program = await house.inside("anna"), await house.program(await token_of(house, "kanzlei"))
    await program.ask("GET", "/me")
    await house.parts.sessions.compare()
    first = house.watch.at
    for seconds, noted in ((50, first), (20, first + timedelta(seconds=70))):
        house.watch.pass_by(seconds=seconds)
        for visitor in (browser, program):
            assert (await visitor.ask("GET", "/me")).status_code == 200
        await house.parts.sessions.compare()
        assert await house.sql("SELECT used_at FROM web_session") == noted
        assert await house.sql("SELECT used_at FROM web_token") == noted


async def test_keeping_goes_on_after_an_outage(house: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong in one comparison does not keep the next from happening."""
    troubles, done = [ConnectionResetError(), Problem(503, "database_away", "")], asyncio.Event()

    async def compare() -> None:
        if troubles:
            raise troubles.pop()
        done.set()

    monkeypatch.setattr(sessions, "EVERY", 0)
    monkeypatch.setattr(house.parts.sessions, "compare", compare)
    keeping = asyncio.create_task(house.parts.sessions.keep())
    async with asyncio.timeout(10):
        await done.wait()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def stream_of(house: Door, token: str) -> Request:
    """A request of this program's that stays open."""
    request = Request({"type": "http", "app": house.app, "headers": [], "state": {}})
    await entered(request, house.parts, None, HTTPAuthorizationCredentials(scheme="Bearer", credentials=token))
    return request


async def test_a_stream_ends_with_the_right_that_it_began_with(house: Door) -> None:
    """A screen with a token goes dark when its user is no supervisor any more, and when the agent leaves the book."""
    token = await token_of(house, "lead")
    wall = await stream_of(house, token)
    assert goes_on(wall)
    await house.sql("UPDATE web_user SET role = 'agent' WHERE id = 'lead'")
    await house.parts.sessions.compare()
    assert not goes_on(wall)
    desk = await stream_of(house, token)
    assert goes_on(desk)
    house.parts.directory = lambda: Directory(BOOK.group, BOOK.client, ())
    assert not goes_on(desk)


async def test_a_stream_ends_where_a_second_factor_is_needed_by_now(house: Door) -> None:
    """Tokens outlive the reset of the second factor, but open nothing until there is another one: streams neither."""
    wall = await stream_of(house, await token_of(house, "lead"))
    await house.sql("UPDATE web_user SET totp_secret = NULL WHERE id = 'lead'")
    await house.parts.sessions.compare()
    assert not goes_on(wall)

"""Users, as an admin keeps them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.web.door import PEOPLE, Browser, Door, code_of, door


@pytest.fixture
async def house(dsn: str) -> AsyncIterator[Door]:
    """The pages with their users."""
    async with door(dsn) as opened:
        yield opened


@pytest.fixture
async def root(house: Door) -> Browser:
    """An admin at the page."""
    return await house.inside("root")


async def test_a_new_user_logs_in_with_the_password_shown(house: Door, root: Browser) -> None:
    """It is shown once, stands in no log, and is good at once; nobody is an admin by default."""
    with capture_logs() as logs:
        answer = await root.ask("POST", "/users", {"id": "ben", "name": "Ben", "role": "agent", "agent": "ben"})
    assert answer.status_code == 201
    password = answer.json()["password"]
    assert [(one["event"], one["user"], one["by"]) for one in logs] == [("user.added", "ben", "root")]
    assert password not in str(logs)
    me = await (await house.browser()).log_in("ben", password)
    assert (me.json()["role"], me.json()["agent"]) == ("agent", "ben")
    listed = await root.ask("GET", "/users")
    assert [one["id"] for one in listed.json()] == sorted([*PEOPLE, "ben"])
    assert "argon2" not in listed.text
    assert code_of(await root.ask("POST", "/users", {"id": "ben", "name": "B", "role": "admin"})) == (409, "taken")
    assert code_of(await root.ask("POST", "/users", {"id": "tim", "name": "Tim"})) == (422, "bad_request")


NO_USERS: list[tuple[dict[str, Any], str]] = [
    ({"role": "agent"}, "misfit"),
    ({"role": "agent", "agent": "nobody"}, "misfit"),
    ({"role": "client"}, "misfit"),
    ({"role": "client", "client": "nobody"}, "misfit"),
    ({"role": "admin", "client": "mueller"}, "misfit"),
    ({"role": "root"}, "bad_request"),
    ({"id": "../etc"}, "bad_request"),
    ({"id": "A"}, "bad_request"),
    ({"id": "a\0"}, "bad_request"),
    ({"name": "a\0b"}, "bad_request"),
    ({"name": "a\nb"}, "bad_request"),
    ({"name": "\u202egnp"}, "bad_request"),
    ({"name": "\ud800"}, "bad_request"),
    ({"name": " "}, "bad_request"),
    ({"language": "zh"}, "bad_request"),
    ({"password": "chosen-by-somebody"}, "bad_request"),
]


async def test_what_cannot_be_a_user(root: Browser) -> None:
    """Roles without what belongs to them, made-up agents, ids and names that are none, chosen passwords: refused."""
    for changed, code in NO_USERS:
        answer = await root.ask("POST", "/users", {"id": "tim", "name": "Tim", "role": "admin", **changed})
        assert code_of(answer) == (422, code), changed


async def test_a_change_of_rights_logs_out(house: Door, root: Browser) -> None:
    """A session with the old rights is over at once; a new name is seen at once and disturbs nobody."""
    anna = await house.inside("anna")
    answer = await root.ask("PATCH", "/users/anna", {"name": "Anna Weber", "language": "en"})
    assert (answer.json()["name"], answer.json()["role"]) == ("Anna Weber", "agent")
    assert (await anna.ask("GET", "/me")).json()["name"] == "Anna Weber"
    answer = await root.ask("PATCH", "/users/anna", {"role": "supervisor", "agent": None})
    assert (answer.json()["role"], answer.json()["agent"], answer.json()["must_enrol"]) == ("supervisor", None, True)
    assert code_of(await anna.ask("GET", "/me")) == (401, "login")
    assert code_of(await root.ask("PATCH", "/users/anna", {"role": "agent"})) == (422, "misfit")
    assert code_of(await root.ask("PATCH", "/users/anna", {"role": "agent", "agent": "nobody"})) == (422, "misfit")
    assert code_of(await root.ask("PATCH", "/users/nobody", {"name": "X"})) == (404, "unknown")


async def test_a_disabled_user_is_out_with_every_program(house: Door, root: Browser) -> None:
    """Page and tokens end at once; enabled again, the password and the tokens are good again."""
    anna = await house.inside("anna")
    token = (await anna.ask("POST", "/me/tokens", {"name": "wall"})).json()["token"]
    program = await house.program(token)
    assert (await program.ask("GET", "/me")).status_code == 200
    assert (await root.ask("PATCH", "/users/anna", {"disabled": True})).json()["disabled"] is True
    for visitor in (anna, program):
        assert code_of(await visitor.ask("GET", "/me")) == (401, "login")
    assert code_of(await anna.log_in("anna")) == (401, "wrong")
    assert (await root.ask("PATCH", "/users/anna", {"disabled": False})).json()["disabled"] is False
    assert (await anna.log_in("anna")).status_code == 200
    assert (await program.ask("GET", "/me")).status_code == 200


async def test_a_lost_second_factor_is_taken_away(house: Door, root: Browser) -> None:
    """The user is logged out and enrols anew at the next login."""
    chief = await house.inside("chief")
    assert (await root.ask("PATCH", "/users/chief", {"reset_totp": True})).json()["totp"] is False
    assert code_of(await chief.ask("GET", "/me")) == (401, "login")
    assert (await chief.log_in("chief")).json()["must_enrol"] is True


async def test_a_new_password_throws_everybody_out(house: Door, root: Browser) -> None:
    """Sessions and tokens of the user end: whoever had the old password may have made some."""
    anna = await house.inside("anna")
    program = await house.program((await anna.ask("POST", "/me/tokens", {"name": "wall"})).json()["token"])
    await program.ask("GET", "/me")
    password = (await root.ask("POST", "/users/anna/password")).json()["password"]
    for visitor in (anna, program):
        assert code_of(await visitor.ask("GET", "/me")) == (401, "login")
    assert code_of(await anna.log_in("anna")) == (401, "wrong")
    assert (await anna.log_in("anna", password)).status_code == 200
    assert await house.sql("SELECT count(*) FROM web_token") == 0
    assert code_of(await root.ask("POST", "/users/nobody/password")) == (404, "unknown")


async def test_nobody_locks_the_own_door(house: Door, root: Browser) -> None:
    """There is always an admin left, and a page that was left open cannot be used to set a new password."""
    for change in ({"role": "agent"}, {"disabled": True}, {"reset_totp": True}, {"client": "mueller"}):
        assert code_of(await root.ask("PATCH", "/users/root", change)) == (409, "yourself")
    assert code_of(await root.ask("POST", "/users/root/password")) == (409, "yourself")
    assert (await root.ask("PATCH", "/users/root", {"name": "Chef", "agent": "ben"})).json()["agent"] == "ben"
    assert await house.sql("SELECT role FROM web_user WHERE id = 'root'") == "admin"


async def test_only_admins_keep_users(house: Door) -> None:
    """Nobody else reads or changes anything, whatever the id."""
    for user in PEOPLE:
        if user == "root":
            continue
        visitor = await house.inside(user)
        for method, path, body in (
            ("GET", "/users", None),
            ("POST", "/users", {"id": "tim", "name": "Tim", "role": "admin"}),
            ("PATCH", f"/users/{user}", {"role": "admin"}),
            ("POST", "/users/root/password", None),
        ):
            assert code_of(await visitor.ask(method, path, body)) == (403, "forbidden")
    assert await house.sql("SELECT count(*) FROM web_user") == len(PEOPLE)

"""A client's users over the API: invited by one another, changed, removed; and an admin in the place of one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.door import Browser, code_of
from tests.web.portal_house import PortalHouse
from vorzimmer.store import audit, tokens
from vorzimmer.web.sessions import digest_of, new_token

USERS = "/clients/mueller/users"
OTTO = {"name": "Otto Neu", "email": "Otto.Neu@mueller.example"}


async def trail(house: PortalHouse) -> list[tuple[str, str, str | None]]:
    """What was done, by whom, in whose place; the newest first."""
    return [(one.what, one.actor.name, one.actor.acting_as) for one in await audit.entries(house.conn)]


async def acting(house: PortalHouse, user: str = "erika") -> Browser:
    """An admin in the place of this user."""
    root = await house.inside("root")
    answer = await root.ask("POST", "/impersonation", {"user": user})
    assert answer.status_code == 200, answer.text
    return root


async def test_a_user_invites_another(portal: PortalHouse) -> None:
    """Of the same client, with the same rights; the id is made of the client's and the address, and free."""
    erika = await portal.inside("erika")
    first = (await erika.ask("POST", USERS, OTTO)).json()
    assert (first["id"], first["invited"], first["email"]) == ("mueller-otto-neu", True, "Otto.Neu@mueller.example")
    second = (await erika.ask("POST", USERS, {"name": "Otto", "email": "otto-neu@elsewhere.example"})).json()
    assert second["id"] == "mueller-otto-neu-2"
    taken = await erika.ask("POST", USERS, {"name": "Otto", "email": "OTTO.neu@mueller.example"})
    assert code_of(taken) == (409, "taken")
    row = await portal.conn.fetchrow("SELECT role, client_id, agent_id FROM web_user WHERE id = $1", first["id"])
    assert tuple(row) == ("client", "mueller", None)
    everybody = (await erika.ask("GET", USERS)).json()
    assert [one["id"] for one in everybody if one["yourself"]] == ["erika"]
    assert {one["id"] for one in everybody} == {"erika", "max", first["id"], second["id"]}
    for more in ({"role": "admin"}, {"client": "meier"}, {"id": "root2"}):
        assert code_of(await erika.ask("POST", USERS, {**OTTO, **more})) == (422, "bad_request")


async def test_an_invitation_is_sent_again(portal: PortalHouse) -> None:
    """To who has no password yet, three times an hour at most; the first link stays good."""
    erika = await portal.inside("erika")
    user = (await erika.ask("POST", USERS, OTTO)).json()["id"]
    answers = [(await erika.ask("POST", f"{USERS}/{user}/invitation")).status_code for _ in range(3)]
    assert answers == [204, 204, 429]
    assert len(await portal.letters("invitation")) == 3
    assert code_of(await erika.ask("POST", f"{USERS}/max/invitation")) == (409, "not_invited")


async def test_a_user_is_disabled_and_removed(portal: PortalHouse) -> None:
    """Out at once, with every session; not oneself; and there is a trace of both."""
    erika, max_ = await portal.inside("erika"), await portal.inside("max")
    assert (await erika.ask("PATCH", f"{USERS}/max", {"disabled": True})).json()["disabled"] is True
    assert code_of(await max_.ask("GET", "/me")) == (401, "login")
    assert (await erika.ask("PATCH", f"{USERS}/max", {"disabled": False, "name": "Maxi"})).json()["name"] == "Maxi"
    max_ = await portal.inside("max")
    assert (await erika.ask("DELETE", f"{USERS}/max")).status_code == 204
    assert code_of(await max_.ask("GET", "/me")) == (401, "login")
    for method, body in (("DELETE", None), ("PATCH", {"disabled": True})):
        assert code_of(await erika.ask(method, f"{USERS}/erika", body)) == (409, "yourself")
    assert [what for what, _, _ in await trail(portal)] == ["user.remove", "user.change", "user.change"]


async def test_nobody_gets_a_colleagues_password_by_mail(portal: PortalHouse) -> None:
    """The address to which a new password's link goes is changed by oneself, or by the operator."""
    erika, root = await portal.inside("erika"), await portal.inside("root")
    mine = {"email": "erika@evil.example"}
    assert code_of(await erika.ask("PATCH", f"{USERS}/max", mine)) == (409, "not_yours")
    assert (await erika.ask("PATCH", f"{USERS}/erika", mine)).status_code == 200
    assert (await root.ask("PATCH", f"{USERS}/max", {"email": "max@mueller.example"})).status_code == 200


@pytest.mark.parametrize("user", ["fremd", "root", "anna", "nobody"])
async def test_only_the_clients_own_users_are_there(portal: PortalHouse, user: str) -> None:
    """Others' users, and the operator's people, are like none, for an admin too."""
    for who in ("erika", "root"):
        person = await portal.inside(who)
        for method, path, body in (
            ("PATCH", "", {"disabled": True}),
            ("DELETE", "", None),
            ("POST", "/invitation", None),
        ):
            answer = await person.ask(method, f"{USERS}/{user}{path}", body)
            assert code_of(answer) == (404, "unknown"), (who, method)


async def test_an_admin_acts_for_a_clients_user(portal: PortalHouse) -> None:
    """The page says so, sees what that user sees, and the trail has both names, until it is ended."""
    root = await acting(portal)
    me = (await root.ask("GET", "/me")).json()
    assert (me["user"], me["role"], me["client"], me["must_enrol"]) == ("erika", "client", "mueller", False)
    assert (me["acting_for"]["user"], me["acting_for"]["admin"]) == ("erika", "root")
    assert (await root.ask("GET", "/clients/meier")).status_code == 404
    assert code_of(await root.ask("GET", "/users")) == (403, "forbidden")
    assert (await root.ask("PUT", "/clients/mueller/override", {"state": "closed"})).status_code == 200
    ended = (await root.ask("DELETE", "/impersonation")).json()
    assert (ended["user"], ended["acting_for"]) == ("root", None)
    assert (await root.ask("GET", "/users")).status_code == 200
    assert code_of(await root.ask("DELETE", "/impersonation")) == (409, "not_acting")
    assert await trail(portal) == [
        ("impersonation.end", "root", "erika"),
        ("client.override", "root", "erika"),
        ("impersonation.begin", "root", "erika"),
    ]


async def test_what_is_ones_own_stays_shut(portal: PortalHouse) -> None:
    """Password, second factor, tokens, language of the user, and acting further, are not for who only acts."""
    root = await acting(portal)
    for method, path, body in (
        ("POST", "/me/password", {"old": "x", "new": "y"}),
        ("POST", "/me/totp", None),
        ("GET", "/me/tokens", None),
        ("POST", "/me/tokens", {"name": "x"}),
        ("PUT", "/me/language", {"language": "en"}),
    ):
        assert code_of(await root.ask(method, path, body)) == (403, "acting"), path
    assert code_of(await root.ask("POST", "/impersonation", {"user": "max"})) == (403, "forbidden")


@pytest.mark.parametrize(
    ("who", "user", "refused"),
    [
        ("root", "chief", (409, "not_a_client")),
        ("root", "anna", (409, "not_a_client")),
        ("root", "root", (409, "not_a_client")),
        ("root", "nobody", (404, "unknown")),
        ("chief", "erika", (403, "forbidden")),
        ("anna", "erika", (403, "forbidden")),
        ("max", "erika", (403, "forbidden")),
    ],
)
async def test_nobody_else_acts_for_nobody_else(portal: PortalHouse, who: str, user: str, refused: Any) -> None:
    """Admins, for clients' users."""
    assert code_of(await (await portal.inside(who)).ask("POST", "/impersonation", {"user": user})) == refused


async def test_no_program_acts_for_anybody(portal: PortalHouse) -> None:
    """A token that leaked opens nobody's pages."""
    text = new_token()
    await tokens.add(portal.conn, digest_of(text), "root", "test", portal.watch.at, None)
    program = await portal.browser()
    program.headers = {"Authorization": f"Bearer {text}"}
    assert (await program.ask("GET", "/users")).status_code == 200
    assert code_of(await program.ask("POST", "/impersonation", {"user": "erika"})) == (403, "page_only")


async def test_acting_outlives_a_restart_and_no_right(portal: PortalHouse) -> None:
    """Another process knows of it from the database; it ends with the user's or the admin's right."""
    root = await acting(portal)
    sessions = portal.parts.sessions
    await sessions.compare()
    assert (await root.ask("GET", "/me")).json()["acting_for"]["admin"] == "root"
    sessions._known.clear()
    assert (await root.ask("GET", "/me")).json()["acting_for"]["admin"] == "root"
    await portal.conn.execute("UPDATE web_user SET disabled_at = now() WHERE id = 'erika'")
    await sessions.compare()
    assert code_of(await root.ask("GET", "/me")) == (401, "login")
    again = await acting(portal, "max")
    await portal.conn.execute("UPDATE web_user SET role = 'supervisor' WHERE id = 'root'")
    await sessions.compare()
    assert code_of(await again.ask("GET", "/clients/mueller")) == (401, "login")


async def test_logging_out_ends_it(portal: PortalHouse) -> None:
    """For good: who comes back is oneself."""
    root = await acting(portal)
    assert (await root.ask("POST", "/logout")).status_code == 204
    assert (await (await portal.inside("root")).ask("GET", "/me")).json()["acting_for"] is None

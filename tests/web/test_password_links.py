"""Links for passwords: for who is invited and for who has forgotten, once and in time; nobody learns who is a user."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.web.door import Browser, code_of
from tests.web.portal_house import PortalHouse
from vorzimmer.notify.letter import render_letter

NEW = "ein-neues-langes-Kennwort"


async def invited(house: PortalHouse, by: str = "erika", **about: Any) -> tuple[str, str]:
    """Somebody whom this user has just invited: the id, and what stands behind the = in the mail's link."""
    wanted = {"name": "Otto Neu", "email": "otto@mueller.example", **about}
    answer = await (await house.inside(by)).ask("POST", "/clients/mueller/users", wanted)
    assert answer.status_code == 201, answer.text
    _, data = (await house.letters("invitation"))[-1]
    url, _, token = data["url"].rpartition("=")
    assert url == "http://pages/#invite"
    return answer.json()["id"], token


async def forgotten(house: PortalHouse, user: str, browser: Browser | None = None) -> int:
    """Somebody says to have forgotten the password; the answer's status."""
    browser = browser or await house.browser()
    return (await browser.ask("POST", "/password/forgotten", {"user": user})).status_code


async def test_an_invitation_is_accepted_once(portal: PortalHouse) -> None:
    """Its link tells who one will be, takes one good password, and lets in with that; then it is a link of nobody's."""
    user, token = await invited(portal)
    assert user == "mueller-otto"
    stranger = await portal.browser()
    assert (await stranger.ask("GET", f"/invitations/{token}")).json()["name"] == "Otto Neu"
    assert code_of(await stranger.log_in(user, NEW)) == (401, "wrong")
    assert code_of(await stranger.ask("POST", f"/invitations/{token}", {"password": "kurz"})) == (422, "weak")
    assert (await stranger.ask("POST", f"/invitations/{token}", {"password": NEW})).json()["user"] == user
    me = (await stranger.log_in(user, NEW)).json()
    assert (me["role"], me["client"]) == ("client", "mueller")
    used = await stranger.ask("POST", f"/invitations/{token}", {"password": NEW})
    made_up = await stranger.ask("POST", f"/invitations/{'x' * 43}", {"password": NEW})
    assert code_of(used) == (404, "unknown_link")
    assert used.content == made_up.content


async def test_the_letter_reads_well(portal: PortalHouse) -> None:
    """Who asks, as whom to sign in, until when by the client's clock."""
    await invited(portal)
    [(to, data)] = await portal.letters("invitation")
    page = render_letter({"kind": "invitation", "data": data}, "de", "Büro Süd")
    assert (to, page.subject) == ("otto@mueller.example", "Ihr Zugang bei Büro Süd")
    assert "Erika hat für Sie" in page.text
    assert "als mueller-otto an" in page.text
    assert "30. November 2026, 10:00 Uhr" in page.text


@pytest.mark.parametrize("late", [{"days": 7}, {"days": 70}])
async def test_a_late_link_is_void(portal: PortalHouse, late: dict[str, float]) -> None:
    """From its last second on."""
    _, token = await invited(portal)
    stranger = await portal.browser()
    portal.watch.pass_by(days=6, hours=23, minutes=59)
    assert (await stranger.ask("GET", f"/invitations/{token}")).status_code == 200
    portal.watch.pass_by(**late)
    for method in ("GET", "POST"):
        answer = await stranger.ask(method, f"/invitations/{token}", {"password": NEW} if method == "POST" else None)
        assert code_of(answer) == (404, "unknown_link")


async def test_of_two_who_come_at_once_one_gets_in(portal: PortalHouse) -> None:
    """The link is used in the transaction that sets the password."""
    user, token = await invited(portal)
    people = [await portal.browser() for _ in range(2)]
    words = [f"{NEW}-{n}" for n in range(2)]
    answers = await asyncio.gather(
        *(
            person.ask("POST", f"/invitations/{token}", {"password": word})
            for person, word in zip(people, words, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 404]
    winner = words[[answer.status_code for answer in answers].index(200)]
    assert (await people[0].log_in(user, winner)).status_code == 200


async def test_a_forgotten_password_is_chosen_anew(portal: PortalHouse) -> None:
    """By the mail's link; all sessions end, other links are void, and an invitation is no reset."""
    erika = await portal.inside("erika")
    assert await forgotten(portal, " ERIKA ") == 204
    assert await forgotten(portal, "erika") == 204
    letters = await portal.letters("password_reset")
    assert [to for to, _ in letters] == ["erika@mueller.example"] * 2
    first, second = [data["url"].rpartition("#reset=")[2] for _, data in letters]
    stranger = await portal.browser()
    assert code_of(await stranger.ask("GET", f"/invitations/{first}")) == (404, "unknown_link")
    assert (await stranger.ask("GET", f"/password/reset/{first}")).json()["user"] == "erika"
    assert (await stranger.ask("POST", f"/password/reset/{first}", {"password": NEW})).status_code == 200
    assert code_of(await stranger.ask("GET", f"/password/reset/{second}")) == (404, "unknown_link")
    assert code_of(await erika.ask("GET", "/me")) == (401, "login")
    assert (await stranger.log_in("erika", NEW)).status_code == 200


async def test_a_second_factor_stays(portal: PortalHouse) -> None:
    """Whoever reads somebody's mail has not got the telephone."""
    await forgotten(portal, "root")
    [(_, data)] = await portal.letters("password_reset")
    stranger = await portal.browser()
    token = data["url"].rpartition("=")[2]
    assert (await stranger.ask("POST", f"/password/reset/{token}", {"password": NEW})).status_code == 200
    assert code_of(await stranger.log_in("root", NEW)) == (401, "code_needed")


async def test_nobody_learns_who_is_a_user(portal: PortalHouse) -> None:
    """The same answer for a user, one without an address, a disabled one and nobody; mail for the first alone."""
    await portal.conn.execute("UPDATE web_user SET disabled_at = now() WHERE id = 'fremd'")
    answers = []
    for n, user in enumerate(("erika", "max", "fremd", "nobody", "=?x", "\0")):
        browser = await portal.browser(f"192.0.2.{n + 10}")
        answers.append(await browser.ask("POST", "/password/forgotten", {"user": user}))
    assert {(answer.status_code, answer.content) for answer in answers} == {(204, b"")}
    assert [to for to, _ in await portal.letters("password_reset")] == ["erika@mueller.example"]


async def test_nobodys_mailbox_is_filled(portal: PortalHouse) -> None:
    """From one address by the pause that every guess has; from many, three letters an hour at most."""
    one = await portal.browser()
    statuses = [await forgotten(portal, "nobody", one) for _ in range(8)]
    assert (statuses[0], statuses[-1]) == (204, 429)
    for n in range(8):
        assert await forgotten(portal, "erika", await portal.browser(f"198.51.100.{n}")) == 204
    assert len(await portal.letters("password_reset")) == 3
    portal.watch.pass_by(hours=1, seconds=1)
    await forgotten(portal, "erika")
    assert len(await portal.letters("password_reset")) == 4

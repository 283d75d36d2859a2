"""What people do with their own account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pyotp
import pytest
from structlog.testing import capture_logs

from tests.web.door import PASSWORD, Browser, Door, code_of, door
from vorzimmer.store.tokens import MOST

NEW = "ein-ganz-neues-Passwort"


@pytest.fixture
async def house(dsn: str) -> AsyncIterator[Door]:
    """The pages with their users."""
    async with door(dsn) as opened:
        yield opened


async def token(browser: Browser, name: str = "wall", days: int | None = None) -> str:
    """A new token."""
    answer = await browser.ask("POST", "/me/tokens", {"name": name, "days": days})
    assert answer.status_code == 201
    return str(answer.json()["token"])


async def test_a_new_password_ends_all_other_sessions(house: Door) -> None:
    """This page goes on in a new session, every other one is logged out; the old password is worth nothing."""
    here, elsewhere = await house.inside("anna"), await house.inside("anna", "192.0.2.2")
    cookie, csrf = here.cookie, here.csrf
    answer = await here.ask("POST", "/me/password", {"old": PASSWORD, "new": NEW})
    assert answer.json()["user"] == "anna"
    assert here.cookie != cookie
    assert here.csrf != csrf
    assert (await here.ask("POST", "/rooms/anybody")).status_code == 200
    assert code_of(await elsewhere.ask("GET", "/me")) == (401, "login")
    assert code_of(await elsewhere.log_in("anna")) == (401, "wrong")
    assert (await elsewhere.log_in("anna", NEW)).status_code == 200


async def test_a_password_that_will_not_do_changes_nothing(house: Door) -> None:
    """The field that is wrong is named, and the page stays logged in, for it is no failed login."""
    browser = await house.inside("anna")
    for old, new, code, field in (
        (NEW, NEW, "wrong", "old"),
        (PASSWORD, "kurz", "weak", "new"),
        (PASSWORD, "x" * 300, "bad_request", "new"),
    ):
        answer = await browser.ask("POST", "/me/password", {"old": old, "new": new})
        assert code_of(answer) == (422, code)
        assert list(answer.json()["error"]["fields"]) == [field]
    assert (await browser.ask("GET", "/me")).status_code == 200
    assert (await (await house.browser()).log_in("anna")).status_code == 200


async def test_a_stolen_page_does_not_help_to_guess(house: Door) -> None:
    """Guessing the old password is slowed down like guessing at the door."""
    browser = await house.inside("anna")
    for _ in range(5):
        assert code_of(await browser.ask("POST", "/me/password", {"old": NEW, "new": NEW})) == (422, "wrong")
    assert code_of(await browser.ask("POST", "/me/password", {"old": PASSWORD, "new": NEW})) == (429, "too_often")


async def test_a_second_factor_is_set_up(house: Door) -> None:
    """An admin without one enrols and everything is open; from the next login on the code is asked for."""
    await house.sql("UPDATE web_user SET totp_secret = NULL")
    browser, thief = await house.browser(), await house.browser("203.0.113.9")
    for one in (browser, thief):
        assert (await one.log_in("root")).json()["must_enrol"] is True
    assert code_of(await browser.ask("POST", "/me/totp/confirm", {"code": "123456"})) == (409, "no_offer")
    offer = (await browser.ask("POST", "/me/totp")).json()
    assert f"secret={offer['secret']}" in offer["uri"]
    assert offer["qr_svg"].startswith("<svg")
    assert code_of(await browser.ask("POST", "/me/totp/confirm", {"code": "abc"})) == (422, "wrong")
    code = pyotp.TOTP(offer["secret"]).at(house.watch.at)
    answer = await browser.ask("POST", "/me/totp/confirm", {"code": code})
    assert (answer.json()["totp"], answer.json()["must_enrol"]) == (True, False)
    assert (await browser.ask("GET", "/users")).status_code == 200
    assert code_of(await thief.ask("GET", "/users")) == (401, "login")
    assert code_of(await browser.ask("POST", "/me/totp")) == (409, "has_totp")
    fresh = await house.browser()
    assert code_of(await fresh.log_in("root")) == (401, "code_needed")
    assert code_of(await fresh.log_in("root", code=code)) == (401, "wrong")
    house.watch.pass_by(seconds=30)
    assert (await fresh.log_in("root", code=pyotp.TOTP(offer["secret"]).at(house.watch.at))).status_code == 200


async def test_an_agent_may_have_a_second_factor_too(house: Door) -> None:
    """Who need not have one may, and only the last offer counts."""
    browser = await house.inside("anna")
    first = (await browser.ask("POST", "/me/totp")).json()["secret"]
    second = (await browser.ask("POST", "/me/totp")).json()["secret"]
    codes = [pyotp.TOTP(secret).at(house.watch.at) for secret in (first, second)]
    assert code_of(await browser.ask("POST", "/me/totp/confirm", {"code": codes[0]})) == (422, "wrong")
    assert (await browser.ask("POST", "/me/totp/confirm", {"code": codes[1]})).json()["totp"] is True


async def test_the_language_stays(house: Door) -> None:
    """The choice counts at once, and at the next login; one that there is not is refused."""
    browser = await house.inside("anna")
    assert (await browser.ask("PUT", "/me/language", {"language": "en"})).json()["language"] == "en"
    assert (await browser.ask("GET", "/rooms/anybody")).json()["language"] == "en"
    assert (await (await house.browser()).log_in("anna")).json()["language"] == "en"
    assert code_of(await browser.ask("PUT", "/me/language", {"language": "zh"})) == (422, "bad_request")


async def test_a_token_is_shown_once_and_can_be_deleted(house: Door) -> None:
    """Neither the list nor the database holds its text; a deleted one is worth nothing at once."""
    browser = await house.inside("anna")
    with capture_logs() as logs:
        text = await token(browser, "Wand \U0001f4fa", days=30)
    assert text not in str(logs)
    program = await house.program(text)
    assert (await program.ask("POST", "/rooms/anybody")).status_code == 200
    listed = await browser.ask("GET", "/me/tokens")
    assert text not in listed.text
    [one] = listed.json()
    assert (one["name"], one["used_at"]) == ("Wand \U0001f4fa", None)
    assert one["expires_at"].startswith((house.watch.at + timedelta(days=30)).isoformat()[:19])
    assert text not in str(await house.sql("SELECT to_jsonb(web_token) FROM web_token"))
    assert (await browser.ask("DELETE", f"/me/tokens/{one['id']}")).status_code == 204
    assert code_of(await program.ask("GET", "/me")) == (401, "login")


async def test_nobody_deletes_anothers_token(house: Door) -> None:
    """Another's answers like one that does not exist, and goes on."""
    text = await token(await house.inside("anna"))
    number = await house.sql("SELECT id FROM web_token")
    other = await house.inside("kanzlei")
    theirs, none = [await other.ask("DELETE", f"/me/tokens/{one}") for one in (number, number + 1)]
    assert code_of(theirs) == (404, "unknown")
    assert theirs.text == none.text
    assert (await (await house.program(text)).ask("GET", "/me")).status_code == 200
    for odd in ("0", "-1", "x", str(2**63)):
        assert code_of(await other.ask("DELETE", f"/me/tokens/{odd}")) == (422, "bad_request")


async def test_a_program_does_not_help_itself(house: Door) -> None:
    """Who gets hold of a token cannot make another, change the password or set up a second factor with it."""
    program = await house.program(await token(await house.inside("anna")))
    for method, path, body in (
        ("POST", "/me/tokens", {"name": "mine"}),
        ("DELETE", "/me/tokens/1", None),
        ("POST", "/me/password", {"old": PASSWORD, "new": NEW}),
        ("POST", "/me/totp", None),
        ("POST", "/me/totp/confirm", {"code": "123456"}),
    ):
        assert code_of(await program.ask(method, path, body)) == (403, "page_only"), path
    assert len((await program.ask("GET", "/me/tokens")).json()) == 1


async def test_a_token_has_a_decent_name(house: Door) -> None:
    """What cannot be shown in a list is refused."""
    browser = await house.inside("anna")
    for name in ("", " ", "a\0b", "a\nb", "x" * 81, "\ud800", None, 7):
        assert code_of(await browser.ask("POST", "/me/tokens", {"name": name})) == (422, "bad_request"), name


async def test_tokens_are_limited(house: Door) -> None:
    """A script that makes one each time it runs is stopped; days are a sane number."""
    browser = await house.inside("anna")
    for _ in range(MOST):
        await token(browser)
    assert code_of(await browser.ask("POST", "/me/tokens", {"name": "wall"})) == (409, "too_many")
    for days in (0, -1, 10**9):
        assert code_of(await browser.ask("POST", "/me/tokens", {"name": "wall", "days": days})) == (422, "bad_request")

"""Logging in and out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher
from structlog.testing import capture_logs

from tests.web.door import PASSWORD, SECRET, Door, code_of, door, looked_at
from vorzimmer.sandbox.postgres import Postgres
from vorzimmer.store.sessions import MOST
from vorzimmer.web import passwords
from vorzimmer.web.sessions import digest_of

WRONG = "ganz-falsches-Passwort"


@pytest.fixture
async def house(dsn: str) -> AsyncIterator[Door]:
    """The pages with their users."""
    async with door(dsn) as opened:
        yield opened


async def test_an_agent_logs_in(house: Door) -> None:
    """The answer says who it is; the cookie is out of scripts' and other sites' reach; the database cannot leak it."""
    browser = await house.browser()
    answer = await browser.log_in("anna")
    assert answer.json() == {
        "user": "anna",
        "name": "Anna",
        "role": "agent",
        "agent": "anna",
        "client": None,
        "language": "de",
        "csrf": browser.csrf,
        "totp": False,
        "must_enrol": False,
        "timezone": "Europe/Berlin",
        "acting_for": None,
    }
    attributes = answer.headers["set-cookie"].split("; ")[1:]
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=strict"]
    assert answer.headers["cache-control"] == "no-store"
    assert (await browser.ask("GET", "/me")).json() == answer.json()
    assert await house.sql("SELECT digest FROM web_session") == digest_of(str(browser.cookie))
    assert str(browser.cookie) not in str(await house.sql("SELECT to_jsonb(web_session) FROM web_session"))


async def test_the_cookie_stays_on_tls(dsn: str) -> None:
    """Where the pages have a certificate the cookie never travels without one."""
    async with door(dsn, "https://pages.example") as house:
        browser = await house.browser(base="https://pages.example")
        browser.headers = {"Origin": "https://pages.example:443"}
        answer = await browser.log_in("anna")
        assert "Secure" in answer.headers["set-cookie"].split("; ")


async def test_what_was_wrong_is_not_told(house: Door) -> None:
    """Unknown, disabled and mistyped look the same: nobody finds out who works here."""
    await house.sql("UPDATE web_user SET disabled_at = now() WHERE id = 'kanzlei'")
    browser = await house.browser()
    refusals = [
        await browser.log_in("anna", WRONG),
        await browser.log_in("nobody", PASSWORD),
        await browser.log_in("kanzlei", PASSWORD),
        await browser.log_in("root", PASSWORD, "000000"),
        await browser.log_in("'; DROP TABLE web_user; --", PASSWORD),
        await browser.log_in("anna\0", PASSWORD),
    ]
    assert {(one.status_code, one.text) for one in refusals} == {(401, refusals[0].text)}
    assert code_of(refusals[0]) == (401, "wrong")
    assert browser.cookie is None


async def test_an_unknown_user_takes_as_long(house: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash is computed for nobody too, so that time tells nothing."""
    seen = looked_at(monkeypatch)
    assert code_of(await (await house.browser()).log_in("nobody")) == (401, "wrong")
    assert seen == [passwords.NOBODYS]


async def test_odd_texts_are_refused(house: Door) -> None:
    """What cannot be a user or a password is an answer, not a mistake of the server's."""
    browser = await house.browser()
    for text in ("\ud800", "x\ud800" * 10, "\0", "", " ", "x" * 257, "\U0001f600" * 256):
        for body in ({"user": text, "password": PASSWORD}, {"user": "chief", "password": text}):
            house.watch.pass_by(hours=1)
            assert (await browser.ask("POST", "/login", body)).status_code in (401, 422)
    assert (await browser.ask("POST", "/login", ["no", "object"])).status_code == 422


async def test_a_name_may_be_typed_carelessly(house: Door) -> None:
    """Capitals and blanks that a telephone's keyboard adds keep nobody out; a decomposed umlaut does not either."""
    assert (await (await house.browser()).log_in(" Anna ")).status_code == 200
    umlaut = "zw\u00f6lf-lange-Zeichen"
    await house.sql("UPDATE web_user SET password = $1 WHERE id = 'anna'", passwords.hashed_here(umlaut))
    assert (await (await house.browser()).log_in("anna", "zwo\u0308lf-lange-Zeichen")).status_code == 200


async def test_the_second_factor_is_asked_for_and_used_once(house: Door) -> None:
    """The password alone opens nothing; who watched the code being typed cannot use it, nor the one before."""
    browser = await house.browser()
    assert code_of(await browser.log_in("root")) == (401, "code_needed")
    before = house.watch.code()
    house.watch.pass_by(seconds=30)
    code = house.watch.code()
    assert (await browser.log_in("root", code=f" {code[:3]} {code[3:]}")).status_code == 200
    assert code_of(await (await house.browser()).log_in("root", code=code)) == (401, "wrong")
    assert code_of(await (await house.browser()).log_in("root", code=before)) == (401, "wrong")
    house.watch.pass_by(seconds=30)
    assert (await (await house.browser()).log_in("root", code=house.watch.code())).status_code == 200


async def test_the_session_is_new_at_each_login(house: Door) -> None:
    """Who planted a cookie in a browser beforehand does not share the session; the one before is over."""
    browser = await house.browser()
    planted = "A" * 43
    browser.client.cookies.set("vorzimmer_session", planted, domain="pages.example", path="/")
    await browser.log_in("anna")
    first = str(browser.cookie)
    assert first != planted
    await browser.log_in("kanzlei")
    assert browser.cookie not in (first, planted)
    old = await house.browser()
    old.client.cookies.set("vorzimmer_session", first, domain="pages.example", path="/")
    assert code_of(await old.ask("GET", "/me")) == (401, "login")
    assert await house.sql("SELECT count(*) FROM web_session") == 1


FOREIGN: list[tuple[dict[str, str | bytes], str]] = [
    ({"X_CSRF_Token": ""}, "csrf"),
    ({"X_CSRF_Token": "0" * 64}, "csrf"),
    ({"X_CSRF_Token": b"\xfc"}, "csrf"),
    ({"Origin": "https://evil.example"}, "foreign"),
    ({"Origin": "null"}, "foreign"),
    ({"Origin": "http://pages.example.evil.example"}, "foreign"),
    ({"Sec_Fetch_Site": "cross-site"}, "foreign"),
    ({"Sec_Fetch_Site": "same-site"}, "foreign"),
]


async def test_another_sites_page_can_do_nothing(house: Door) -> None:
    """A request that a foreign page makes somebody's browser send has no effect; reading is not held up."""
    browser = await house.inside("anna")
    for headers, code in FOREIGN:
        assert code_of(await browser.ask("POST", "/rooms/anybody", **headers)) == (403, code)
        assert code_of(await browser.ask("PUT", "/me/language", {"language": "en"}, **headers)) == (403, code)
        assert code_of(await browser.ask("POST", "/logout", **headers)) == (403, code)
    assert (await browser.ask("GET", "/rooms/anybody", X_CSRF_Token="")).json()["language"] == "de"
    assert (await browser.ask("POST", "/rooms/anybody")).status_code == 200


async def test_a_foreign_page_logs_nobody_in(house: Door) -> None:
    """Nobody works in somebody else's account without noticing."""
    browser = await house.browser()
    browser.headers = {"Origin": "https://evil.example"}
    assert code_of(await browser.log_in("anna")) == (403, "foreign")
    form = await browser.client.post("/api/login", content='{"user": "anna"}', headers={"Content-Type": "text/plain"})
    assert form.status_code == 422


async def test_a_page_shows_only_its_own_token(house: Door) -> None:
    """The token of one session is worth nothing in another, and an old page is told to fetch the new one."""
    one, other = await house.inside("anna"), await house.inside("kanzlei", "192.0.2.2")
    assert one.csrf != other.csrf
    assert code_of(await one.ask("POST", "/rooms/anybody", X_CSRF_Token=other.csrf)) == (403, "csrf")


async def test_guessing_is_slowed_down_where_it_happens(house: Door) -> None:
    """Five guesses are free, then each waits longer; the user gets in elsewhere meanwhile, and others get in here."""
    guesser, owner = await house.browser("203.0.113.9"), await house.browser("192.0.2.1")
    for _ in range(5):
        assert code_of(await guesser.log_in("anna", WRONG)) == (401, "wrong")
    refused = await guesser.log_in("anna")
    assert code_of(refused) == (429, "too_often")
    assert refused.headers["retry-after"] == "1"
    assert (await owner.log_in("anna")).status_code == 200
    assert (await guesser.log_in("kanzlei")).status_code == 200
    house.watch.pass_by(seconds=1)
    assert code_of(await guesser.log_in("anna", WRONG)) == (401, "wrong")
    assert (await guesser.log_in("anna", WRONG)).headers["retry-after"] == "2"
    house.watch.pass_by(seconds=2)
    assert (await guesser.log_in("anna")).status_code == 200
    assert code_of(await guesser.log_in("anna", WRONG)) == (401, "wrong")


async def test_a_hundred_guesses_at_once_are_no_way_around(house: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt counts when it begins, not when its password has been looked at."""
    browser = await house.browser()
    seen = looked_at(monkeypatch)
    answers = await asyncio.gather(*(browser.log_in("anna", f"{WRONG}{n}") for n in range(100)))
    assert len(seen) == 5
    assert sorted({one.status_code for one in answers}) == [401, 429]


async def test_a_code_is_guessed_no_faster(house: Door) -> None:
    """Who knows the password has five tries at the code, too; asking for it costs none."""
    browser = await house.browser()
    for _ in range(6):
        assert code_of(await browser.log_in("root")) == (401, "code_needed")
    for _ in range(5):
        assert code_of(await browser.log_in("root", code="123456")) == (401, "wrong")
    assert code_of(await browser.log_in("root", code=house.watch.code())) == (429, "too_often")


async def test_logging_out_ends_the_session(house: Door) -> None:
    """The cookie is gone, and worthless to who has copied it; logging out twice is no mistake."""
    browser = await house.inside("anna")
    copied = str(browser.cookie)
    assert (await browser.ask("POST", "/logout")).status_code == 204
    assert browser.cookie is None
    assert await house.sql("SELECT count(*) FROM web_session") == 0
    thief = await house.browser()
    thief.client.cookies.set("vorzimmer_session", copied, domain="pages.example", path="/")
    assert code_of(await thief.ask("GET", "/me")) == (401, "login")
    assert (await browser.ask("POST", "/logout")).status_code == 204


async def test_known_people_go_on_while_the_database_is_away(house: Door, postgres_server: Postgres) -> None:
    """Who is at the page takes calls; who would have to be looked up is told why not; no attempt is counted."""
    anna, stranger, fresh = await house.inside("anna"), await house.browser(), await house.browser()
    stranger.client.cookies.set("vorzimmer_session", "B" * 43, domain="pages.example", path="/")
    async with house.database_away(postgres_server.dsn):
        assert (await anna.ask("POST", "/rooms/anybody")).status_code == 200
        assert (await anna.ask("GET", "/me")).status_code == 200
        assert code_of(await stranger.ask("GET", "/me")) == (503, "database_away")
        for _ in range(8):
            assert code_of(await fresh.log_in("kanzlei")) == (503, "database_away")
        assert (await anna.ask("POST", "/logout")).status_code == 204
        assert (await anna.ask("GET", "/me")).status_code == 401
    assert (await fresh.log_in("kanzlei")).status_code == 200
    await house.parts.sessions.compare()
    assert await house.sql("SELECT array_agg(user_id) FROM web_session") == ["kanzlei"]


async def test_a_hash_of_old_parameters_is_renewed(house: Door) -> None:
    """Passwords follow the parameters of the day without anybody noticing."""
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    await house.sql("UPDATE web_user SET password = $1 WHERE id = 'anna'", weak)
    browser = await house.inside("anna")
    kept = await house.sql("SELECT password FROM web_user WHERE id = 'anna'")
    assert kept != weak
    assert not passwords.outdated(kept)
    assert (await browser.ask("GET", "/me")).status_code == 200


async def test_too_many_at_once_are_told(house: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of logins does not fill the memory; it is no attempt."""
    monkeypatch.setattr(passwords, "MOST_WAITING", 0)
    browser = await house.browser()
    for _ in range(8):
        assert code_of(await browser.log_in("anna")) == (503, "busy")
    monkeypatch.undo()
    assert (await browser.log_in("anna")).status_code == 200


async def test_the_log_tells_who_but_no_secret(house: Door) -> None:
    """Who came from where can be looked up later; passwords, codes and cookies cannot."""
    browser = await house.browser("192.0.2.77")
    with capture_logs() as logs:
        await browser.log_in("root", WRONG)
        await browser.log_in("root", code=(code := house.watch.code()))
        cookie = str(browser.cookie)
        await browser.ask("POST", "/logout")
    assert [(one["event"], one["user"], one["address"]) for one in logs] == [
        ("login.refused", "root", "192.0.2.77"),
        ("login.done", "root", "192.0.2.77"),
        ("logout.done", "root", "192.0.2.77"),
    ]
    assert not [secret for secret in (WRONG, PASSWORD, SECRET, code, cookie) if secret in str(logs)]


async def test_a_login_that_was_overtaken_is_refused(house: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is disabled while the password is being looked at does not get in."""
    fits = passwords.fits

    async def disabled_meanwhile(kept: str | None, password: str) -> bool:
        found = await fits(kept, password)
        await house.sql("UPDATE web_user SET disabled_at = now() WHERE id = 'anna'")
        return found

    monkeypatch.setattr(passwords, "fits", disabled_meanwhile)
    assert code_of(await (await house.browser()).log_in("anna")) == (401, "wrong")


async def test_a_user_has_not_more_sessions_than_anybody_needs(house: Door) -> None:
    """A new login ends the oldest session beyond twenty, also where the clock was set back; others' stay."""
    ben, first = await house.inside("lead"), await house.inside("anna")
    house.watch.pass_by(hours=-1)
    second = await house.inside("anna")
    house.watch.pass_by(hours=1)
    for _ in range(MOST - 1):
        house.watch.pass_by(seconds=1)
        last = await house.inside("anna")
    await house.parts.sessions.compare()
    assert await house.sql("SELECT count(*) FROM web_session WHERE user_id = 'anna'") == MOST
    assert code_of(await second.ask("GET", "/me")) == (401, "login")
    for browser in (first, last, ben):
        assert (await browser.ask("GET", "/me")).status_code == 200

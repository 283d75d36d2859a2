"""The page behind the link of a message: for whoever has the message, without a login and without a script."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.web.portal_house import MARK, PortalHouse
from vorzimmer.core.answer import GOOD_FOR, LONGEST, Kind
from vorzimmer.store import answers
from vorzimmer.store.answers import MOST, Answer
from vorzimmer.store.signed_links import open_signer


@pytest.fixture
async def token(portal: PortalHouse) -> str:
    """Of a link to a call with a note, which the client was told whole."""
    await portal.called("c1", "mueller", portal.watch.at - timedelta(hours=1))
    await portal.noted("c1", "mueller", "Bitte zurückrufen")
    await told(portal, "c1", "{}")
    return await token_for(portal, "c1", "mueller")


async def told(portal: PortalHouse, call: str, payload: str) -> None:
    """A message about a call that was sent."""
    await portal.conn.execute(
        "INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id, state)"
        " VALUES ($1, 'mueller', 'email', 'a@b.example', 'de', $2, $1, 'sent')",
        call,
        payload,
    )


async def token_for(portal: PortalHouse, call: str, client: str) -> str:
    """A token, made now."""
    signer = await open_signer(portal.conn)
    return signer.token("answer", {"call": call, "client": client}, portal.watch.at, GOOD_FOR)


async def visitor(portal: PortalHouse, address: str = "192.0.2.9") -> httpx.AsyncClient:
    """Somebody who has never been here."""
    return (await portal.browser(address)).client


async def said(portal: PortalHouse, call: str = "c1") -> list[Answer]:
    """What the client has answered."""
    return await answers.of_calls(portal.conn, (call,))


def once(page: httpx.Response) -> str:
    """What stands hidden in the page's forms."""
    found = re.search(r'name="once" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


async def press(client: httpx.AsyncClient, token: str, **fields: Any) -> httpx.Response:
    """Press a button."""
    return await client.post(f"/m/{token}", data=fields)


async def test_opening_the_link_tells_the_call_and_changes_nothing(portal: PortalHouse, token: str) -> None:
    """A mail scanner opens every link, often, and with other methods too."""
    client = await visitor(portal)
    for method in ("GET", "GET", "HEAD", "OPTIONS", "PUT"):
        await client.request(method, f"/m/{token}?say=done&said=done")
    page = await client.get(f"/m/{token}")
    assert page.status_code == 200
    assert "Anruf vom 23. November 2026, 09:00" in page.text
    assert "Jürgen Groß" in page.text
    assert "Kanzlei Müller" in page.text
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert await said(portal) == []


async def test_a_button_marks_the_call_as_done_and_takes_it_back(portal: PortalHouse, token: str) -> None:
    """After each press the page is shown anew, so that loading it again presses nothing."""
    client = await visitor(portal)
    first = once(await client.get(f"/m/{token}"))
    answer = await press(client, token, say="done", once=first)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/m/{token}?said=done")
    page = await client.get(answer.headers["location"])
    assert "Danke. Der Anruf ist als erledigt markiert." in page.text
    assert "Doch nicht erledigt" in page.text
    await press(client, token, say="reopened", once=once(page))
    found = await said(portal)
    assert [(one.kind, one.by, one.via) for one in found] == [
        (Kind.DONE, "link", "link"),
        (Kind.REOPENED, "link", "link"),
    ]


async def test_a_reply_is_kept_once_however_often_it_is_sent(portal: PortalHouse, token: str) -> None:
    """A second press on one page says nothing new; other words, and another page, do. What was said is not shown."""
    client = await visitor(portal)
    page = await client.get(f"/m/{token}")
    for text in ("Ich rufe an\r\n<b>heute</b>", "Ich rufe an\r\n<b>heute</b>", "Doch morgen"):
        assert (await press(client, token, say="reply", text=text, once=once(page))).status_code == 303
    again = await client.get(f"/m/{token}?said=reply")
    assert (await press(client, token, say="reply", text="Doch morgen", once=once(again))).status_code == 303
    assert [one.text for one in await said(portal)] == ["Ich rufe an\n<b>heute</b>", "Doch morgen", "Doch morgen"]
    assert "Ihre Antwort vom 23. November 2026, 10:00 ist bei uns." in again.text
    assert "heute" not in again.text


@pytest.mark.parametrize("text", ["", "  \r\n ", "x" * (LONGEST + 1)], ids=["empty", "blank", "long"])
async def test_a_reply_that_cannot_be_kept_is_given_back(portal: PortalHouse, token: str, text: str) -> None:
    """What was typed stands in the page again, as text."""
    answer = await press(await visitor(portal), token, say="reply", text=f"{text}", once="1")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert text.strip() in answer.text
    assert await said(portal) == []


async def test_markup_stays_text(portal: PortalHouse, token: str) -> None:
    """A caller's name and a reply that is given back are no markup of the page."""
    evil = "</textarea><script>alert(1)</script>"
    await portal.conn.execute("UPDATE cdr_person SET caller_name = $1", evil)
    answer = await press(await visitor(portal), token, say="reply", text=evil + "x" * LONGEST, once="1")
    assert "<script" not in answer.text
    assert answer.text.count("&lt;script&gt;") == 2


@pytest.mark.parametrize("body", [b"", b"say=delete", b"\xff\xfe", b"&" * 5000, b"say[]=done"], ids=range(5))
async def test_a_form_that_says_nothing_does_nothing(portal: PortalHouse, token: str, body: bytes) -> None:
    """Neither an error nor an answer."""
    answer = await (await visitor(portal)).post(f"/m/{token}", content=body)
    assert answer.status_code == 422
    assert await said(portal) == []


async def test_ten_megabytes_are_not_read(portal: PortalHouse, token: str) -> None:
    """The request ends where it is too long."""
    assert (await press(await visitor(portal), token, say="reply", text="x" * 10_000_000)).status_code == 413
    assert await said(portal) == []


async def test_an_old_link_says_so(portal: PortalHouse, token: str) -> None:
    """After sixty days it is good for nothing."""
    client = await visitor(portal)
    portal.watch.at += GOOD_FOR - timedelta(minutes=1)
    assert (await client.get(f"/m/{token}")).status_code == 200
    portal.watch.at += timedelta(minutes=1)
    for answer in (await client.get(f"/m/{token}"), await press(client, token, say="done")):
        assert answer.status_code == 410
        assert "Dieser Link gilt nicht mehr" in answer.text
    assert await said(portal) == []


async def test_a_forged_link_opens_nothing_and_who_tries_many_waits(portal: PortalHouse, token: str) -> None:
    """Of another kind, cut off, changed, or made up; whoever has a real one is not held up elsewhere."""
    client = await visitor(portal)
    signer = await open_signer(portal.conn)
    other = signer.token("recording", {"call": "c1", "client": "mueller"}, portal.watch.at, GOOD_FOR)
    for wrong in (other, token[:-1], f"x{token}", "%00", "a" * 500):
        answer = await client.get(f"/m/{wrong}")
        assert answer.status_code == 404
        assert "nicht von uns" in answer.text
    statuses = [(await press(client, "forged", say="done")).status_code for _ in range(60)]
    assert statuses[-1] == 429
    elsewhere = await visitor(portal, "198.51.100.7")
    assert [(await elsewhere.get(f"/m/{token}")).status_code for _ in range(60)] == [200] * 60


async def test_no_more_is_told_than_the_message_told(portal: PortalHouse, token: str) -> None:
    """Where a rule leaves facts out or shortens numbers, the page tells when the call was, and no more."""
    for call, payload in (("c2", '{"rule": {"facts": ["time"]}}'), ("c3", '{"rule": {"numbers": "shortened"}}')):
        await portal.called(call, "mueller", portal.watch.at)
        await told(portal, call, payload)
        page = await (await visitor(portal)).get(f"/m/{await token_for(portal, call, 'mueller')}")
        assert "Anruf vom 23. November 2026, 10:00" in page.text
        assert "Jürgen" not in page.text
    page = await (await visitor(portal)).get(f"/m/{token}")
    assert "0170 1234567" in page.text


async def test_the_link_of_one_client_answers_nothing_of_another(portal: PortalHouse) -> None:
    """Even a signed link is refused if the call is somebody else's."""
    await portal.called("c9", "meier", portal.watch.at, caller_name=MARK)
    client, token = await visitor(portal), await token_for(portal, "c9", "mueller")
    assert MARK not in (await client.get(f"/m/{token}")).text
    assert (await press(client, token, say="done", once="1")).status_code == 410
    assert await said(portal, "c9") == []


async def test_answers_without_end_are_refused_in_words(portal: PortalHouse, token: str) -> None:
    """Whoever presses for ever is told to call."""
    client = await visitor(portal)
    for n in range(MOST):
        await press(client, token, say="reply", text=f"{n}", once="1")
    answer = await press(client, token, say="reply", text="noch", once="1")
    assert answer.status_code == 422
    assert "sehr viele Antworten" in answer.text


async def test_with_the_database_away_the_page_says_try_again(
    portal: PortalHouse, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a page, not in JSON."""
    monkeypatch.setattr(type(portal.parts.database), "away", property(lambda _: True))
    answer = await press(await visitor(portal), token, say="done")
    assert answer.status_code == 503
    assert "Bitte versuchen Sie es in einigen Minuten noch einmal" in answer.text

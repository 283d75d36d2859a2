"""The link to a caller's message: heard without a login, by whoever has the mail, for as long as it is good."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import httpx

from tests.web.portal_house import PortalHouse
from vorzimmer.core.cdr import Disposition
from vorzimmer.store.signed_links import Kind, open_signer

GOOD_FOR = timedelta(days=14)
SAMPLES = bytes(range(200)) * 80


async def left(house: PortalHouse) -> None:
    """A caller left a message with the client Müller."""
    message = {"recording": "m.wav", "recording_seconds": Decimal(1), "disposition": Disposition.MESSAGE}
    await house.called("message", "mueller", house.watch.at - timedelta(hours=1), **message)
    house.sound("m.wav", SAMPLES)


async def link(house: PortalHouse, kind: Kind = "recording", call: str = "message", client: str = "mueller") -> str:
    """A link's path."""
    signer = await open_signer(house.conn)
    return f"/r/{signer.token(kind, {'call': call, 'client': client}, house.watch.at, GOOD_FOR)}"


async def opened(house: PortalHouse, path: str, **headers: str) -> httpx.Response:
    """What somebody who is not logged in gets."""
    return await (await house.browser()).client.get(path, headers=headers)


async def test_the_message_is_heard_without_a_login(portal: PortalHouse) -> None:
    """Whole, and by parts as players ask for it; nobody keeps it on the way, and no search engine finds it."""
    await left(portal)
    path = await link(portal)
    whole = await opened(portal, path)
    assert (whole.status_code, whole.headers["Content-Type"]) == (200, "audio/wav")
    assert whole.content.endswith(SAMPLES)
    assert "no-store" in whole.headers["Cache-Control"]
    assert whole.headers["X-Robots-Tag"] == "noindex"
    part = await opened(portal, path, Range="bytes=44-143")
    assert (part.status_code, part.content) == (206, SAMPLES[:100])


async def test_a_link_ends_with_its_time(portal: PortalHouse) -> None:
    """Then a page says so, in words; a minute before it is still heard."""
    await left(portal)
    path = await link(portal)
    portal.watch.pass_by(seconds=GOOD_FOR.total_seconds() - 60)
    assert (await opened(portal, path)).status_code == 200
    portal.watch.pass_by(seconds=120)
    over = await opened(portal, path)
    assert (over.status_code, over.headers["Content-Type"].partition(";")[0]) == (410, "text/html")
    assert "Die Zeit dieses Links ist vorbei" in over.text


async def test_a_deleted_message_is_gone(portal: PortalHouse) -> None:
    """The link is good, the file is not there any more: the same page."""
    await left(portal)
    (portal.folder / "m.wav").unlink()
    assert (await opened(portal, await link(portal))).status_code == 410


async def test_a_link_opens_only_its_own_clients_call(portal: PortalHouse) -> None:
    """A client that the call is not for, one that is gone, and a call that never was, have nothing to hear."""
    await left(portal)
    for about in ({"client": "meier"}, {"client": "nobody"}, {"call": "other"}):
        assert (await opened(portal, await link(portal, **about))).status_code == 410  # type: ignore[arg-type]  # names of arguments


async def test_forged_links_open_nothing_and_have_to_wait(portal: PortalHouse) -> None:
    """A token of another kind, a changed one and nonsense are none; a guesser waits, who has a real one does not."""
    await left(portal)
    path = await link(portal)
    answer = (await link(portal, "answer")).removeprefix("/r/")
    statuses = [
        (await opened(portal, forged)).status_code
        for forged in (f"/r/{answer}", f"{path}x", "/r/a%00b", f"/r/{'x' * 5000}", "/r/..%2f..", "/r/guess")
    ]
    assert set(statuses) <= {404, 429}
    assert statuses[0] == 404
    statuses += [(await opened(portal, f"/r/{n}")).status_code for n in range(6)]
    assert statuses[-1] == 429
    elsewhere = await portal.browser("198.51.100.7")
    for _ in range(6):
        assert (await elsewhere.client.get(path)).status_code == 200

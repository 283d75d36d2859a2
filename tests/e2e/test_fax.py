"""Faxes on the real Asterisk: what leaves as words arrives as pages, and what goes wrong is told as it was."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tests.e2e.attack_tools import redirect
from tests.e2e.house import CALLER, House, eventually
from tests.e2e.test_calls import DID, OFFICE, client, group
from tests.notify.examples import message
from vorzimmer.asterisk import fax_files
from vorzimmer.control.commands import FaxState
from vorzimmer.core.fax import Kind, reference
from vorzimmer.notify import fax_pages
from vorzimmer.notify.channel import Dead, RetryLater, Sent
from vorzimmer.notify.fax import Fax, Manner
from vorzimmer.roles.running import now
from vorzimmer.sandbox import fax_machine
from vorzimmer.sandbox.fax_png import as_png
from vorzimmer.store.outbox import Leased

FAX_NUMBER = "+4989777001"
"""A number behind the trunk's own telephone, for what no fax machine does."""

SENT = """
SELECT detail, content FROM outbox JOIN outbox_copy ON outbox_copy.outbox_id = outbox.id
JOIN outbox_attempt ON outbox_attempt.outbox_id = outbox.id AND outcome = 'sent'
WHERE channel = 'fax' AND state = 'sent'
"""

HEADER_LINES = 64
"""At the top of each page, where Asterisk prints house, number and page: 32 lines, which it adds."""


def way(house: House, **changes: Any) -> House:
    """The house with other settings of [fax]."""
    fax = house.settings.fax.model_copy(update=changes)
    house.settings = house.settings.model_copy(update={"fax": fax})
    return house


def channel(house: House, **changes: Any) -> Fax:
    """The channel as the worker has it, with an impatience of the test's."""
    manner = Manner("Büro Süd", "DE", None, tries=5, pause=timedelta(minutes=5))
    paths, trouble = house.settings.paths, lambda *_, **__: None
    return Fax(paths.fax, paths.control, manner, trouble=trouble, **changes)


def fax_to(number: str, **changes: Any) -> Leased:
    """A message about a call, to be faxed; by its id nothing was sent before."""
    leased = message(number, caller_name="Wałęsa", **changes)
    return replace(leased, channel="fax", message_id=f"<{id(leased)}-{now().timestamp()}@vorzimmer.example>")


async def new_fax(house: House, before: int) -> fax_machine.Received:
    """The fax that came after so many."""
    async with asyncio.timeout(20):
        return (await fax_machine.fax_machine(house.sandbox.fax_machine, before + 1))[-1]


def pages(tiff: Path | bytes) -> list[np.ndarray[Any, Any]]:
    """The dots of each page: true is white."""
    with Image.open(io.BytesIO(tiff) if isinstance(tiff, bytes) else tiff) as image:
        return [np.asarray(page.convert("1")) for page in ImageSequence.Iterator(image)]


@pytest.fixture
def _plain_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any page will do, and none is drawn."""
    out = io.BytesIO()
    Image.new("1", (fax_pages.WIDTH, 1100), 1).save(out, "TIFF", compression="group4", dpi=(204, 196))

    async def drawing(*_: object) -> bytes:
        return out.getvalue()

    monkeypatch.setattr("vorzimmer.notify.fax.drawn", drawing)


@pytest.mark.parametrize("t38", [True, pytest.param(False, marks=pytest.mark.long)], ids=["t38", "sound"])
async def test_what_a_rule_wants_on_paper_arrives_dot_by_dot(
    house: House, monkeypatch: pytest.MonkeyPatch, *, t38: bool
) -> None:
    """From a missed call to the fax machine: the page received is the one that is kept as sent, and tells of the call.

    Error correction (ECM) sees to the dots; above them stands the line that Asterisk prints.
    """
    monkeypatch.setattr("tests.e2e.house.PATIENCE", 100.0)  # a page takes half a minute
    rule = {"id": "paper", "channel": "fax", "to": [fax_machine.NUMBER]}
    await way(house, t38=t38).use(client(group(), notify=[rule]), groups=(OFFICE,))
    await house.start()
    before = len(fax_machine.received(house.sandbox.fax_machine))
    call = await house.call(DID, CALLER)
    await call.ringing(180)
    await call.hang_up()
    (row,) = await eventually(lambda: house.query(SENT), lambda rows: len(rows) > 0)
    assert row["detail"] == "1 page, 14400 bit/s, ECM"
    arrived = await new_fax(house, before)
    assert (arrived.status, arrived.pages, arrived.caller) == ("SUCCESS", 1, DID)
    (page,), (was,) = pages(arrived.tiff), pages(row["content"])
    added = page.shape[0] - was.shape[0]
    assert 0 < added <= HEADER_LINES
    assert (~page[:added]).any()
    assert np.array_equal(page[added:], was)
    assert [png.name for png in as_png(arrived.tiff, house.folder)] == [f"{arrived.tiff.stem}-1.png"]
    await house.quiet()


@pytest.mark.usefixtures("_plain_page")
async def test_a_worker_that_died_finds_the_end_and_sends_nothing_twice(
    house: House, kill: Callable[[], Awaitable[None]]
) -> None:
    """Worker and calls process are killed while the fax goes: it arrives, is found, counts at the gate, and is one."""
    await house.use(client(group(), forwarding={"parallel": 1}), groups=(OFFICE,))
    await house.start()
    before = len(fax_machine.received(house.sandbox.fax_machine))
    message = fax_to(fax_machine.NUMBER)
    ref = reference(message.message_id)
    sending = asyncio.create_task(channel(house).send(message))

    async def state() -> str:
        return str((await house.ask(FaxState(actor="test", reference=ref)))["state"])

    await eventually(state, lambda seen: seen == "running")
    sending.cancel()
    await kill()
    await house.start()
    again = channel(house, wait=0.2)
    assert await again.look(message) == RetryLater("the fax goes on", after=timedelta(seconds=30), unclear=True)
    refused = await again.send(fax_to("+4989777002"))
    assert isinstance(refused, RetryLater)
    assert refused.detail == "1 forwarded calls at once, 1 are allowed"
    found = await channel(house).look(message)
    assert isinstance(found, Sent), found
    assert isinstance(await channel(house).send(message), Sent)  # even if nobody had written that down
    assert (await new_fax(house, before)).status == "SUCCESS"
    await house.quiet()
    assert len(fax_machine.received(house.sandbox.fax_machine)) == before + 1


@pytest.mark.long
async def test_a_line_that_breaks_in_the_page_is_told_and_tried_again(house: House) -> None:
    """Nothing is said to have arrived that has not; all pages go again."""
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    outcome = await channel(house).send(fax_to(fax_machine.CUTS))
    assert isinstance(outcome, RetryLater), outcome
    assert outcome.detail.startswith("the fax was cut off: 0 whole pages had arrived, all pages go again")
    assert (outcome.after, outcome.unclear) == (timedelta(minutes=5), False)
    await house.quiet()


@pytest.mark.usefixtures("_plain_page")
async def test_a_telephone_that_is_no_fax_machine_is_left_alone_after_two_calls(house: House) -> None:
    """Busy, nobody there, a person who hangs up: each is told as it was, and a person is not rung a third time."""
    await way(house, endpoint=None, t38=False, ring=10).use(client(group()), groups=(OFFICE,))
    await house.start()
    trunk, fax, message = await house.trunk(), channel(house), fax_to(FAX_NUMBER)

    async def attempt(whatever: Callable[[Any], Awaitable[None]]) -> Any:
        sending = asyncio.create_task(fax.send(message))
        dialled = await trunk.invited()
        assert (dialled.dialled, dialled.caller) == (FAX_NUMBER, DID)
        await whatever(dialled)
        return await sending

    async def busy(dialled: Any) -> None:
        dialled.reject(486)

    async def hello(dialled: Any) -> None:
        await dialled.answer()
        await asyncio.sleep(0.5)
        await dialled.hang_up()

    outcomes = [await attempt(busy), await attempt(hello), await attempt(hello)]
    assert [type(one) for one in outcomes] == [RetryLater, RetryLater, Dead], outcomes
    assert outcomes[0].detail == "the line was busy"
    assert outcomes[1].detail.startswith("the call was answered, but no fax machine was heard")
    assert outcomes[1].after == timedelta(minutes=15)
    assert outcomes[2].detail.endswith("is this a fax number?")
    earlier = fax_files.tries(house.settings.paths.fax, reference(message.message_id))
    assert earlier == (Kind.BUSY, Kind.NO_FAX)
    await house.quiet()


@pytest.mark.usefixtures("_plain_page")
async def test_what_the_gate_refuses_is_not_dialled(house: House) -> None:
    """A premium number and a country that is not released are refused for good, a client's limit for an hour."""
    await house.use(client(group(), forwarding={"per_day": 0}), groups=(OFFICE,))
    await house.start()
    fax = channel(house)
    assert await fax.send(fax_to("+499001234567")) == Dead("premium numbers are never dialled")
    outcome = await fax.send(fax_to("+12025550123"))
    assert isinstance(outcome, Dead)
    assert outcome.detail.startswith("country US is not released")
    limited = await fax.send(fax_to(fax_machine.NUMBER))
    assert limited == RetryLater("0 forwarded calls today, 0 are allowed", after=timedelta(hours=1))
    assert await fax.look(fax_to(fax_machine.NUMBER)) is None


@pytest.mark.usefixtures("_plain_page")
async def test_a_fax_machine_sends_the_call_nowhere(house: House) -> None:
    """A redirection (302) to a premium number or into the dialplan is a refusal: it would lead past the gate."""
    await way(house, endpoint=None, t38=False, tries=20).use(client(group()), groups=(OFFICE,))
    await house.start()
    trunk, fax, leased = await house.trunk(), channel(house), fax_to(FAX_NUMBER)
    targets = ("PJSIP%2f09001234567%40trunk", "09001234567", f"Local%2f{DID}%40from-trunk")
    for target in targets:
        sending = asyncio.create_task(fax.send(leased))
        redirect(await trunk.invited(), f"sip:{target}@127.0.0.1:{house.sandbox.trunk_port}")
        outcome = await sending
        assert isinstance(outcome, RetryLater), outcome
        assert outcome.detail == "the line was busy"  # Asterisk's word for a redirection that it does not follow
    await house.quiet()
    assert [call.dialled for call in trunk.incoming] == [FAX_NUMBER] * len(targets)
    assert await house.query("SELECT FROM cdr") == []

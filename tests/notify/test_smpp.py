"""A real SMPP conversation: binding, messages of several parts, refusals, lost connections, receipts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import timedelta

import pytest
from aiosmpplib.state import USER_MESSAGE_REFERENCE, SmppCommandStatus
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.conftest import Troubles
from tests.notify.examples import NOW
from tests.notify.smpp_server import HANG_UP, HEADER, PASSWORD, SILENCE, Carrier
from vorzimmer.core import sms_text
from vorzimmer.notify import smpp, smpp_link
from vorzimmer.notify.channel import Dead, RetryLater, Sent
from vorzimmer.notify.smpp import Smpp, receipt
from vorzimmer.notify.smpp_link import Where
from vorzimmer.notify.sms_gateway import NOBODY_KNOWS, Sms

SMS = Sms("+4915112345678", "Anruf für Müller {heute} 5 €", "Kanzlei", "beef" * 8, NOW)


@dataclass
class Reports:
    """What was told of receipts. `away`: nothing can be noted."""

    told: list[tuple[str, str]] = field(default_factory=list)
    away: bool = False

    async def __call__(self, provider_id: str, word: str) -> None:
        """Note one."""
        if self.away:
            raise ConnectionError("no database")
        self.told.append((provider_id, word))


@contextlib.asynccontextmanager
async def linked(
    carrier: Carrier, troubles: Troubles, *, password: str = PASSWORD, bound: bool = True
) -> AsyncIterator[tuple[Smpp, Reports]]:
    """A gateway that is bound to the carrier."""
    reports = Reports()
    where = Where("127.0.0.1", carrier.port, tls=False, system_id="vorzimmer", password=password)
    async with Smpp(where, 1000.0, reports, troubles) as gateway:
        if bound:
            await carrier.until("len(binds) == 1")
        yield gateway, reports


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for the next try."""
    monkeypatch.setattr(smpp_link, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(smpp, "BREATH", 0.01)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Anruf für Müller {heute} 5 €", None), ("Łukasz 😀 rief an", "ucs2"), ("a" * 160, None), ("ł" * 70, "ucs2")],
    ids=["gsm", "ucs2", "160", "70"],
)
async def test_a_message_arrives_as_it_was_written(text: str, encoding: str | None, troubles: Troubles) -> None:
    """Umlauts, the euro, Polish and emoji; number, sender and our reference; the carrier's id comes back."""
    async with Carrier() as carrier, linked(carrier, troubles) as (gateway, _):
        assert await gateway.submit(changed(SMS, text=text)) == Sent("taken by the carrier", "m1")
    (bind,), (part,) = carrier.binds, carrier.parts
    assert (bind.system_id, bind.interface_version) == ("vorzimmer", 0x34)
    assert (part.short_message, part.encoding) == (text, encoding)
    assert (part.destination.number, int(part.destination.ton), int(part.destination.npi)) == ("4915112345678", 1, 1)
    assert (part.source.number, int(part.source.ton)) == ("Kanzlei", 5)
    assert part.registered_delivery == 1
    assert [(one.tag, one.value) for one in part.optional_params or []] == [(USER_MESSAGE_REFERENCE, 0xBEEF)]
    assert carrier.goodbyes == 1


@given(st.text(st.sampled_from("aé€{}ł😀 "), min_size=161, max_size=600))
def test_parts_are_what_was_counted(text: str) -> None:
    """Each part has its header and at most 140 octets on the air; together they are the text."""
    made = smpp.pdus(changed(SMS, text=text))
    assert len(made) == sms_text.parts(text).count
    assert [one.registered_delivery for one in made] == [0] * (len(made) - 1) + [1]
    bodies = [one._encoded_message for one in made]
    if len(made) > 1:
        assert [body[:6] for body in bodies] == [
            bytes((5, 0, 3, 0xBE, len(made), number + 1)) for number in range(len(made))
        ]
        assert all(one.esm_class == 0x40 for one in made)
        most = 134 if made[0].encoding == "ucs2" else 153
        assert all(len(body) - 6 <= most for body in bodies)


async def test_a_long_message_is_one_message(troubles: Troubles) -> None:
    """Its parts carry their place in the whole; the id is that of the last one, which has the receipt."""
    text = "Bitte zurückrufen wegen 100 € {dringend}. " * 8
    async with Carrier() as carrier, linked(carrier, troubles) as (gateway, _):
        assert await gateway.submit(changed(SMS, text=text)) == Sent("taken by the carrier", "m3")
    assert "".join(part.short_message for part in carrier.parts) == text
    assert [part.get_segmentation_data() for part in carrier.parts] == [(0xBE, n, 3) for n in (1, 2, 3)]
    assert [part.registered_delivery for part in carrier.parts] == [0, 0, 1]


STATUS = SmppCommandStatus


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (STATUS.ESME_RTHROTTLED, RetryLater("the carrier has too much to do: ESME_RTHROTTLED", timedelta(seconds=5))),
        (STATUS.ESME_RMSGQFUL, RetryLater("the carrier has too much to do: ESME_RMSGQFUL", timedelta(seconds=5))),
        (STATUS.ESME_RINVDSTADR, Dead("the carrier refuses the message: ESME_RINVDSTADR")),
        (STATUS.ESME_RINVSRCADR, RetryLater("see [sms]; the carrier answers ESME_RINVSRCADR", away=True)),
        (STATUS.ESME_RSYSERR, RetryLater("the carrier answers ESME_RSYSERR")),
        (0x40B, RetryLater("the carrier answers 0x0000040B")),
    ],
    ids=["throttled", "full", "number", "sender", "system", "its own"],
)
async def test_refusals(status: int, expected: object, troubles: Troubles) -> None:
    """A carrier's status says whose fault it is; one of its own does not end the connection."""
    async with Carrier() as carrier, linked(carrier, troubles) as (gateway, _):
        carrier.statuses.append(status)
        assert await gateway.submit(SMS) == expected
        assert isinstance(await gateway.submit(SMS), Sent)
    assert len(carrier.binds) == 1


async def test_a_later_part_is_not_given_up_lightly(troubles: Troubles) -> None:
    """A part that is throttled goes again by itself; refused for good, nobody knows what the recipient sees."""
    long = changed(SMS, text="x" * 300)
    async with Carrier() as carrier, linked(carrier, troubles) as (gateway, _):
        carrier.statuses += [0, STATUS.ESME_RTHROTTLED, STATUS.ESME_RTHROTTLED]
        assert isinstance(await gateway.submit(long), Sent)
        carrier.statuses += [0, STATUS.ESME_RINVDSTADR]
        outcome = await gateway.submit(long)
        assert isinstance(outcome, RetryLater)
        assert outcome.unclear


async def test_a_connection_lost_after_the_message_leaves_it_unclear(troubles: Troubles) -> None:
    """It is opened again by itself; what was sent is not sent again, for a person decides."""
    async with Carrier() as carrier, linked(carrier, troubles) as (gateway, _):
        carrier.statuses.append(HANG_UP)
        outcome = await gateway.submit(SMS)
        assert isinstance(outcome, RetryLater)
        assert (outcome.unclear, outcome.away) == (True, True)
        assert await gateway.look(SMS) == NOBODY_KNOWS
        await carrier.until("len(binds) == 2")
        assert isinstance(await gateway.submit(SMS), Sent)
    assert len(carrier.raw) == 2


async def test_an_answer_that_does_not_come_leaves_it_unclear(
    troubles: Troubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A carrier that says nothing may have taken it."""
    async with Carrier() as carrier, linked(carrier, troubles) as (gateway, _):
        monkeypatch.setattr(smpp_link, "ANSWER_SECONDS", 0.1)
        carrier.statuses.append(SILENCE)
        outcome = await gateway.submit(SMS)
        assert isinstance(outcome, RetryLater)
        assert outcome.unclear


async def test_a_carrier_that_is_away_got_nothing(troubles: Troubles, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was sent while there is no connection; when the carrier is back, messages go."""
    monkeypatch.setattr(smpp_link, "CONNECT_SECONDS", 0.3)
    async with Carrier() as carrier, linked(carrier, troubles) as (gateway, _):
        await carrier.close()
        outcome = await gateway.submit(SMS)
        while isinstance(outcome, RetryLater) and outcome.unclear:  # it had not seen the end yet
            outcome = await gateway.submit(SMS)
        assert isinstance(outcome, RetryLater)
        assert outcome.away
        await carrier.open(carrier.port)
        await carrier.until("len(binds) == 2")
        assert isinstance(await gateway.submit(SMS), Sent)


async def test_a_wrong_login_says_so(troubles: Troubles, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong stands in the outcome, and it is tried again: somebody mends the settings."""
    monkeypatch.setattr(smpp_link, "CONNECT_SECONDS", 0.3)
    async with Carrier() as carrier, linked(carrier, troubles, password="wrong", bound=False) as (gateway, _):
        outcome = await gateway.submit(SMS)
    assert isinstance(outcome, RetryLater)
    assert "refuses the login (ESME_RINVPASWD); see [sms]" in outcome.detail
    assert (outcome.away, outcome.unclear) == (True, False)


async def test_receipts_find_their_message(troubles: Troubles) -> None:
    """What the carrier says of an id is noted in our words, and answered when it is."""
    async with Carrier() as carrier, linked(carrier, troubles) as (gateway, reports):
        assert await gateway.submit(SMS) == Sent("taken by the carrier", "m1")
        numbers = [carrier.receipt("m1", stat) for stat in ("ENROUTE", "DELIVRD", "UNDELIV", "EXPIRED")]
        await carrier.until("len(deliveries) == 4")
        assert sorted(reports.told) == [("m1", word) for word in ("delivered", "enroute", "undelivered", "undelivered")]
        assert carrier.deliveries == dict.fromkeys(numbers, 0)


async def test_a_receipt_that_cannot_be_noted_comes_again(troubles: Troubles) -> None:
    """While the database is away the carrier is told to try later."""
    async with Carrier() as carrier, linked(carrier, troubles) as (_, reports):
        reports.away = True
        number = carrier.receipt("m1", "DELIVRD")
        await carrier.until("deliveries")
        assert carrier.deliveries == {number: STATUS.ESME_RX_T_APPN}
        reports.away = False
        carrier.receipt("m1", "DELIVRD")
        await carrier.until("len(deliveries) == 2")
        assert reports.told == [("m1", "delivered")]


async def test_what_is_no_receipt_is_answered_and_forgotten(troubles: Troubles) -> None:
    """A text from a telephone, and receipts that cannot be read, come once and do no harm."""
    async with Carrier() as carrier, linked(carrier, troubles) as (gateway, reports):
        carrier.incoming("id:m1 stat:DELIVRD")
        carrier.receipt("", "", text="hello")
        carrier.receipt("", "", text="id:m1 sub:001 stat:DELIVRD err:00A done date:nonsense")
        await carrier.until("len(deliveries) == 3")
        assert reports.told == [("m1", "delivered")]
        assert isinstance(await gateway.submit(SMS), Sent)
    assert troubles.events() == ["sms.receipt_not_understood"]
    assert len(carrier.binds) == 1


async def test_nonsense_from_the_carrier_costs_the_connection_only(troubles: Troubles) -> None:
    """A PDU of gigabytes is not waited for; unknown commands are answered; a good-bye is followed by a new bind."""
    async with Carrier() as carrier, linked(carrier, troubles) as (gateway, _):
        carrier.send_raw(HEADER.pack(16, 0x103, 0, 7))
        carrier.send_raw(HEADER.pack(3_000_000_000, 5, 0, 8))
        await carrier.until("len(binds) == 2")
        carrier.leave()
        await carrier.until("len(binds) == 3")
        assert isinstance(await gateway.submit(SMS), Sent)


async def test_a_quiet_line_is_watched(troubles: Troubles, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while without a word the carrier is asked whether it is there."""
    monkeypatch.setattr(smpp_link, "QUIET_SECONDS", 0.05)
    async with Carrier() as carrier, linked(carrier, troubles):
        await carrier.until("asked >= 2")
    assert len(carrier.binds) == 1


async def test_no_more_than_the_carrier_wants(troubles: Troubles) -> None:
    """Parts keep their distance in time, also those of messages that go at once."""
    async with Carrier() as carrier, linked(carrier, troubles) as (gateway, _):
        gateway._between = 0.05
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(*(gateway.submit(SMS) for _ in range(5)))
        assert loop.time() - began >= 0.2


@given(st.binary(max_size=300) | st.lists(st.sampled_from([b"\0", b"\4", b"\xff", b"id:1"]), max_size=40).map(b"".join))
def test_whatever_a_carrier_delivers(body: bytes) -> None:
    """Bytes are a receipt, none, or refused in a way that is expected."""
    with contextlib.suppress(ValueError):
        receipt(body)


def test_parameters_come_before_the_text() -> None:
    """receipted_message_id and message_state say it, also where the text says nothing."""
    head = b"\0" + b"\1\1491\0" + b"\5\0K\0" + b"\4\0\0" + b"\0\0" + b"\0\0\0\0" + b"\0"
    assert receipt(head + b"\x00\x1e\x00\x03m1\0" + b"\x04\x27\x00\x01\x05") == ("m1", "undelivered")
    with pytest.raises(ValueError, match="without"):
        receipt(head)

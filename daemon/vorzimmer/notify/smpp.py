"""Text messages over a carrier's SMPP 3.4 link, for those who have one.

A message longer than one part goes as several, each with a header (3GPP TS 23.040, 9.2.3.24.1); the last one asks for
the delivery receipt, so a message has one receipt and one id. Receipts come over the same connection.
"""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Self

from aiosmpplib.codec import GSM7BitCodec
from aiosmpplib.protocol import SubmitSm
from aiosmpplib.state import (
    MESSAGE_STATE,
    NPI,
    RECEIPTED_MESSAGE_ID,
    TON,
    USER_MESSAGE_REFERENCE,
    OptionalParam,
    PhoneNumber,
    SmppCommandStatus,
)

from vorzimmer.core import sms_text
from vorzimmer.core.delivery_report import LONGEST, SMPP, in_our_words
from vorzimmer.core.ports import Trouble
from vorzimmer.notify.channel import Dead, Outcome, RetryLater, Sent
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.smpp_link import Link, NoAnswer, NotSent, Pdu, Where, status_name
from vorzimmer.notify.sms_gateway import NOBODY_KNOWS, Sms

AGAIN = timedelta(seconds=5)
"""How long a carrier that has too much to do is left alone."""

TRIES, BREATH = 5, 1.0
"""For a part after the first, which is not given up lightly: tries, and seconds between two."""

BUSY = (SmppCommandStatus.ESME_RTHROTTLED, SmppCommandStatus.ESME_RMSGQFUL)
NEVER = (
    *(SmppCommandStatus.ESME_RINVDSTADR, SmppCommandStatus.ESME_RINVDSTTON, SmppCommandStatus.ESME_RINVDSTNPI),
    SmppCommandStatus.ESME_RINVMSGLEN,
)
OURS = (
    *(SmppCommandStatus.ESME_RINVSRCADR, SmppCommandStatus.ESME_RINVSRCTON, SmppCommandStatus.ESME_RINVSRCNPI),
    *(SmppCommandStatus.ESME_RINVBNDSTS, SmppCommandStatus.ESME_RINVSYSTYP, SmppCommandStatus.ESME_RINVSERTYP),
)

STATES = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
"""The message_state of a receipt as its text names it (SMPP 3.4, 5.2.28)."""

Reported = Callable[[str, str], Awaitable[None]]
"""Notes a report: the provider's id, and our word. Raises an OSError where that cannot be done now."""


class Smpp:
    """The gateway. `per_second`: the most parts the carrier wants; `reported`: is told of receipts."""

    name = "smpp"

    def __init__(self, where: Where, per_second: float, reported: Reported, trouble: Trouble) -> None:
        self._link = Link(where, self._receive)
        self._between = 1 / per_second
        self._free_at = 0.0
        self._reported = reported
        self._trouble = trouble

    async def __aenter__(self) -> Self:
        await self._link.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._link.__aexit__(*exc)

    async def submit(self, sms: Sms, /) -> Outcome:
        """Hand over part by part. Once the first one is taken, the message cannot be taken back."""
        answer = None
        for number, part in enumerate(pdus(sms)):
            try:
                answer = await self._hand_over(part, tries=TRIES if number else 1)
            except NotSent as error:
                return RetryLater(one_line(f"no connection to the carrier: {error}"), away=True, unclear=number > 0)
            except NoAnswer as error:
                return RetryLater(one_line(f"no answer from the carrier: {error}"), away=True, unclear=True)
            if answer.status:
                outcome = judge(answer.status)
                told = one_line(f"part {number + 1} is refused: {outcome.detail}")
                return RetryLater(told, unclear=True) if number else outcome
        assert answer is not None  # noqa: S101 - there is always a part
        return Sent("taken by the carrier", _text(answer.body.partition(b"\0")[0]))

    async def look(self, _sms: Sms, /) -> Outcome | None:
        """A carrier can be asked by its own id only, and that is what did not come."""
        return NOBODY_KNOWS

    async def _hand_over(self, part: SubmitSm, tries: int) -> Pdu:
        while True:
            await self._pace()
            answer = await self._link.ask(part)
            tries -= 1
            if answer.status not in BUSY or not tries:
                return answer
            await asyncio.sleep(BREATH)

    async def _pace(self) -> None:
        """Wait for this part's turn."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._free_at)
        self._free_at = turn + self._between
        await asyncio.sleep(turn - now)

    async def _receive(self, body: bytes) -> bool:
        """Take a receipt. What is none (a message from a telephone) is answered, or it would come for ever."""
        try:
            found = receipt(body)
        except ValueError:
            self._trouble("sms.receipt_not_understood", body=body[:200].hex())
            return True
        if found is not None:
            try:
                await self._reported(*found)
            except OSError:
                return False
        return True


def pdus(sms: Sms) -> list[SubmitSm]:
    """The message as the carrier takes it; the texts are already as bytes."""
    encoding = sms_text.parts(sms.text).encoding
    texts = sms_text.split(sms.text)
    mark = int(sms.reference[:2], 16)
    made = []
    for number, text in enumerate(texts, 1):
        header = bytes((5, 0, 3, mark, len(texts), number)) if len(texts) > 1 else b""
        one = SubmitSm(
            short_message=text,
            source=_sender(sms.sender),
            destination=PhoneNumber(sms.to.removeprefix("+"), TON.INTERNATIONAL, NPI.ISDN),
            esm_class=0b01000000 if header else 0,
            registered_delivery=int(number == len(texts)),
            encoding="ucs2" if encoding == "ucs2" else None,
            optional_params=[OptionalParam(USER_MESSAGE_REFERENCE, int(sms.reference[:4], 16))],
        )
        letters = GSM7BitCodec.get_codec_info().encode(text)[0] if encoding == "gsm7" else text.encode("utf-16-be")
        one.set_encoded_message(header + letters)
        made.append(one)
    return made


def _sender(sender: str) -> PhoneNumber:
    if sender.startswith("+"):
        return PhoneNumber(sender[1:], TON.INTERNATIONAL, NPI.ISDN)
    return PhoneNumber(sender, TON.UNKNOWN if sender.isdecimal() else TON.ALPHANUMERIC, NPI.UNKNOWN)


def judge(status: int) -> Dead | RetryLater:
    """What a refusal of the first part means (SMPP 3.4, 5.1.3); a carrier's own codes may go away."""
    name = status_name(status)
    if status in BUSY:
        return RetryLater(f"the carrier has too much to do: {name}", after=AGAIN)
    if status in NEVER:
        return Dead(f"the carrier refuses the message: {name}")
    if status in OURS:
        return RetryLater(f"see [sms]; the carrier answers {name}", away=True)
    return RetryLater(f"the carrier answers {name}")


_RECEIPT = {name: re.compile(rf"(?:^|\s){name}:(\S+)", re.IGNORECASE) for name in ("id", "stat")}


def receipt(body: bytes) -> tuple[str, str] | None:
    """The id and our word of a deliver_sm that is a delivery receipt; None: it is none.

    Read by hand, for carriers differ in all but the text's first words (SMPP 3.4, appendix B): the optional parameters
    come first where there are some.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        esm_class, text, parameters = _deliver_sm(body)
    except (IndexError, struct.error):
        raise ValueError("a deliver_sm that ends too early") from None
    if esm_class & 0b00111100 != 0b00000100:
        return None
    said = {name: found[1] for name, pattern in _RECEIPT.items() if (found := pattern.search(text))}
    provider_id = _text(parameters.get(RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0")) or said.get("id", "")
    state = STATES.get(int.from_bytes(parameters.get(MESSAGE_STATE, b""), "big")) or said.get("stat", "")
    if not provider_id or not state:
        raise ValueError("a receipt without id or state")
    return provider_id[:LONGEST], in_our_words(SMPP, state.upper()[:LONGEST])


def _deliver_sm(body: bytes) -> tuple[int, str, dict[int, bytes]]:
    """Its esm_class, text and optional parameters (SMPP 3.4, 4.6.1)."""
    _service, rest = body.split(b"\0", 1)
    for _address in ("source", "destination"):
        _number, rest = rest[2:].split(b"\0", 1)
    esm_class = rest[0]
    _schedule, _validity, rest = rest[3:].split(b"\0", 2)
    length = rest[4]
    text, rest = rest[5 : 5 + length], rest[5 + length :]
    parameters = {}
    while rest:
        tag, size = struct.unpack_from("!HH", rest)
        parameters[tag], rest = rest[4 : 4 + size], rest[4 + size :]
    return esm_class, text.decode("latin-1"), parameters


def _text(raw: bytes) -> str:
    return one_line(raw.decode("latin-1"), LONGEST)

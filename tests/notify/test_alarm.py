"""Mails to the operator's own people."""

from __future__ import annotations

import email
import email.policy
import socket
from email.message import EmailMessage

import pytest

from tests.notify.examples import NOW
from tests.notify.post_office import PostOffice
from vorzimmer.notify.alarm import MOST_LINES, compose_alarm, send_alarm
from vorzimmer.notify.smtp import Server

SENDER = "calls@vorzimmer.example"
ANNA, BERT = "anna@operator.example", "bert@operator.example"


def server(port: int) -> Server:
    """A mail server on loopback that is given up after two seconds."""
    return Server("127.0.0.1", port, timeout=2.0)


def read(content: object) -> EmailMessage:
    """A mail as its reader's program reads it."""
    assert isinstance(content, bytes)
    return email.message_from_bytes(content, policy=email.policy.default)


async def test_everybody_gets_the_lines(office: PostOffice) -> None:
    """Each recipient has a mail of their own with subject and lines, umlauts and all, marked as automatic."""
    failed = await send_alarm(server(office.port), SENDER, [ANNA, BERT], "Fünf Anrufe fehlen", ["eins", "zwei: é"])
    assert failed == {}
    mails = [read(each.content) for each in office.envelopes]
    assert [each.rcpt_tos for each in office.envelopes] == [[ANNA], [BERT]]
    for mail in mails:
        assert (mail["From"], mail["Subject"]) == (SENDER, "Fünf Anrufe fehlen")
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail.get_content().splitlines() == ["eins", "zwei: é"]
    assert len({mail["Message-ID"] for mail in mails}) == 2


async def test_one_refused_recipient_costs_only_itself(office: PostOffice) -> None:
    """The others are still told, and the refusal is given back."""
    office.answers = ["550 unknown"]
    failed = await send_alarm(server(office.port), SENDER, [ANNA, "no address", BERT], "Alarm", ["text"])
    assert failed.keys() == {ANNA, "no address"}
    assert "550" in failed[ANNA]
    assert [each.rcpt_tos for each in office.envelopes] == [[BERT]]


async def test_mail_server_that_is_away_is_told_and_not_raised() -> None:
    """Whoever alarms goes on: what went wrong is a value."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        failed = await send_alarm(server(taken.getsockname()[1]), SENDER, [ANNA], "Alarm", ["text"])
    assert failed.keys() == {ANNA}


async def test_nobody_to_tell_opens_no_connection(office: PostOffice) -> None:
    """Without recipients nothing happens."""
    assert await send_alarm(server(office.port), SENDER, [], "Alarm", ["text"]) == {}
    assert office.opened == 0


def test_text_from_outside_does_no_harm() -> None:
    """Line breaks and encoded words make no header and no line of their own."""
    raw = compose_alarm(SENDER, ANNA, "Alarm\r\nBcc: x@y.example", ["a\r\nb =?utf-8?q?a=0d=0aBcc:_z?="], NOW)
    mail = read(raw)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Alarm Bcc: x@y.example"
    assert mail.get_content().splitlines() == ["a b utf-8?q?a=0d=0aBcc:_z?="]


@pytest.mark.parametrize("count", [MOST_LINES, MOST_LINES + 3])
def test_long_list_is_cut_and_says_so(count: int) -> None:
    """A night in which everything differs makes no mail that no server takes."""
    mail = read(compose_alarm(SENDER, ANNA, "A", ["x"] * count, NOW))
    shown = mail.get_content().splitlines()
    assert len(shown) == min(count, MOST_LINES + 1)
    assert (shown[-1] == "… and 3 more") == (count > MOST_LINES)

"""The mail server keeps what it takes and refuses when told to."""

from __future__ import annotations

import signal
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from vorzimmer.sandbox import mail, ports, process


@pytest.fixture
def server(tmp_path: Path) -> Iterator[smtplib.SMTP]:
    """A connection to a server on `tmp_path`."""
    port = ports.free()
    running = mail.start(tmp_path, port)
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as connection:
        yield connection
    running.stop(signal.SIGTERM, 5)
    assert process.find(mail.mark(tmp_path)) == []


def _message(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message.set_content("Grüße")
    return message


def test_keeps_mails_with_their_envelope(server: smtplib.SMTP, tmp_path: Path) -> None:
    """Each mail is a file, in the order of arrival, with sender and recipients of the envelope on top."""
    server.send_message(_message("one"), "from@house.example", ["a@client.example", "b@client.example"])
    server.send_message(_message("two"), "from@house.example", ["c@client.example"])
    first, second = mail.arrived(tmp_path)
    assert (first["Subject"], second["Subject"]) == ("one", "two")
    assert first["Return-Path"] == "<from@house.example>"
    assert first.get_all("Delivered-To") == ["a@client.example", "b@client.example"]
    assert first.get_content().strip() == "Grüße"
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(("recipient", "code"), [("tempfail1@x.example", 451), ("reject@x.example", 550)])
def test_refuses_by_name(server: smtplib.SMTP, tmp_path: Path, recipient: str, code: int) -> None:
    """Names that begin with tempfail or reject are refused; the other recipients get the mail."""
    refused = server.send_message(_message("x"), "from@house.example", [recipient, "good@x.example"])
    assert refused[recipient][0] == code
    assert [one["Delivered-To"] for one in mail.arrived(tmp_path)] == ["good@x.example"]


def test_refuses_by_file_until_the_file_is_gone(server: smtplib.SMTP, tmp_path: Path) -> None:
    """A file named like the address holds the answer, so a test can let a mailbox recover."""
    order = tmp_path / "refuse" / "full@x.example"
    order.write_text("452 4.2.2 mailbox full\n")
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        server.send_message(_message("x"), "from@house.example", ["full@x.example"])
    assert refused.value.recipients["full@x.example"] == (452, b"4.2.2 mailbox full")
    order.unlink()
    assert server.send_message(_message("x"), "from@house.example", ["full@x.example"]) == {}

"""Replies by mail: handed over by LMTP, kept as answers, and whatever else comes to such an address."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from tests.notify.conftest import Troubles
from tests.store.noting import open_house, ship
from vorzimmer.core.answer import LONGEST
from vorzimmer.notify.replies import LARGEST, Replies, receiving
from vorzimmer.roles.message_links import MessageLinks
from vorzimmer.roles.replies import replies
from vorzimmer.sandbox import ports
from vorzimmer.settings import load
from vorzimmer.store import answers
from vorzimmer.store.answers import MOST, Answer
from vorzimmer.store.reply_addresses import open_reply_addresses

DOMAIN = "antwort.example"


@dataclass
class Box:
    """The receiver, and what stands behind it."""

    conn: asyncpg.Connection
    port: int
    address: str
    dsn: str

    async def hand_over(self, mail: EmailMessage | bytes, *to: str, sender: str = "erika@mueller.example") -> str:
        """As a mail server does; returns the answer to the recipient or, if it was taken, to the mail."""
        body = mail if isinstance(mail, bytes) else mail.as_bytes(policy=SMTP)
        return await asyncio.to_thread(self._hand_over, body, to or (self.address,), sender)

    def _hand_over(self, body: bytes, to: tuple[str, ...], sender: str) -> str:
        with smtplib.LMTP("127.0.0.1", self.port, local_hostname="mail.example", timeout=30) as server:
            server.ehlo_or_helo_if_needed()
            server.mail(sender)
            answers = [server.rcpt(one) for one in to]
            if answers[-1][0] != 250:
                return _read(answers[-1])
            return _read(server.data(body))

    async def kept(self) -> list[Answer]:
        """The answers there are."""
        return await answers.of_calls(self.conn, ("c1",))


def _read(answer: tuple[int, bytes]) -> str:
    return f"{answer[0]} {answer[1].decode()}"


@pytest.fixture
async def box(dsn: str, troubles: Troubles) -> AsyncIterator[Box]:
    """A receiver for a call of one client."""
    conn = await asyncpg.connect(dsn)
    try:
        await open_house(conn)
        await ship(conn, "c1")
        address = (await open_reply_addresses(conn, DOMAIN)).of("c1", "mueller")
        port = ports.free()
        door = Replies(partial(asyncpg.connect, dsn), DOMAIN, lambda: datetime.now(UTC))
        async with receiving(door, port, troubles):
            yield Box(conn, port, address, dsn)
    finally:
        await conn.close()


def mail(text: str = "Ja, bitte.", **headers: str) -> EmailMessage:
    """A reply."""
    made = EmailMessage()
    made["From"] = "Erika Müller <erika@mueller.example>"
    made["Subject"] = "AW: Anruf"
    made["Message-ID"] = "<1@mueller.example>"
    for name, value in headers.items():
        del made[name.replace("_", "-")]
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


async def test_a_reply_becomes_an_answer_without_quotation_and_signature(box: Box) -> None:
    """Handed over twice, for the mail server did not hear the answer, it is kept once."""
    text = (
        "Bitte sagen Sie ihm:\nwir rufen morgen an.\n\nMit freundlichen Grüßen\nErika Müller\n\n"
        "Am 22.11.2026 um 10:00 schrieb Büroservice <calls@vorzimmer.example>:\n> Neuer Anruf\n> von Jürgen Groß\n"
    )
    for _ in range(2):
        assert (await box.hand_over(mail(text))).startswith("250 2.0.0 taken")
    (one,) = await box.kept()
    assert one.text == "Bitte sagen Sie ihm:\nwir rufen morgen an."
    assert (one.client, one.by, one.via, one.attachments) == ("mueller", "erika@mueller.example", "mail", 0)


async def test_a_mail_in_html_becomes_text(box: Box) -> None:
    """Nothing of its markup is left, nor of what it quotes; attachments are counted, not kept."""
    made = mail()
    made.clear_content()
    made.set_content(
        "<html><head><style>p{}</style></head><body><p>Bitte <b>sofort</b> &lt;i&gt;</p><script>alert(1)</script>"
        "<div class='gmail_quote'>Am 22.11. schrieb …<blockquote>alt</blockquote></div></body></html>",
        subtype="html",
    )
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Vollmacht.pdf")
    assert (await box.hand_over(made)).startswith("250")
    (one,) = await box.kept()
    assert (one.text, one.attachments) == ("Bitte sofort <i>", 1)


async def test_attachments_alone_are_an_answer_too(box: Box) -> None:
    """Whoever took the call learns that something came."""
    made = mail("")
    made.add_attachment(b"1", maintype="image", subtype="png", filename="a.png")
    assert (await box.hand_over(made)).startswith("250")
    assert [(one.text, one.attachments) for one in await box.kept()] == [("", 1)]


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ({"Auto_Submitted": "auto-replied"}, "a@b.example"),
        ({"Auto_Submitted": "auto-generated; x=y"}, "a@b.example"),
        ({"Precedence": "bulk"}, "a@b.example"),
        ({"X_Autoreply": "yes"}, "a@b.example"),
        ({"List_Id": "<list.example>"}, "a@b.example"),
        ({}, ""),
    ],
    ids=["vacation", "generated", "bulk", "old vacation", "list", "bounce"],
)
async def test_what_a_machine_wrote_is_taken_and_dropped(box: Box, headers: dict[str, str], sender: str) -> None:
    """A refusal would be answered by another machine."""
    assert (await box.hand_over(mail(**headers), sender=sender)).startswith("250")
    assert await box.kept() == []


async def test_a_person_who_says_so_is_heard(box: Box) -> None:
    """RFC 3834: `Auto-Submitted: no` is a mail like any other."""
    assert (await box.hand_over(mail(Auto_Submitted="no"))).startswith("250 2.0.0 taken")
    assert len(await box.kept()) == 1


@pytest.mark.parametrize(
    "wrong",
    ["reply+{a}@antwort.example", "{local}@fremd.example", "postmaster@antwort.example", "{local}a@antwort.example"],
    ids=["forged", "elsewhere", "postmaster", "longer"],
)
async def test_an_unknown_address_is_refused_at_once(box: Box, wrong: str) -> None:
    """For good, so that nobody tries again."""
    address = wrong.format(a="a" * 32, local=box.address.partition("@")[0])
    assert (await box.hand_over(mail(), address)).startswith("550 5.1.1")
    assert await box.kept() == []


async def test_one_recipient_at_a_time(box: Box) -> None:
    """LMTP answers for each recipient after DATA; the second one is to come again."""
    assert (await box.hand_over(mail(), box.address, box.address)).startswith("452 4.5.3")
    assert await box.kept() == []


async def test_ten_megabytes_are_refused(box: Box) -> None:
    """And the next mail is taken."""
    line = b"x" * 900 + b"\r\n"
    assert (await box.hand_over(mail().as_bytes(policy=SMTP) + line * (LARGEST // len(line) + 1))).startswith("552")
    assert (await box.hand_over(mail())).startswith("250")


async def test_with_the_database_away_the_mail_server_is_to_try_again(dsn: str, troubles: Troubles) -> None:
    """451, so nothing is lost."""
    port, nobody = ports.free(), ports.free()
    replies = Replies(
        partial(asyncpg.connect, host="127.0.0.1", port=nobody, timeout=5), DOMAIN, lambda: datetime.now(UTC)
    )
    async with receiving(replies, port, troubles):
        box = Box(None, port, f"reply+{'a' * 32}@{DOMAIN}", dsn)
        assert (await box.hand_over(mail())).startswith("451")


async def test_two_machines_that_answer_each_other_are_stopped(box: Box) -> None:
    """After `MOST` answers to a call."""
    for n in range(MOST):
        assert (await box.hand_over(mail(Message_ID=f"<{n}@x>"))).startswith("250")
    assert (await box.hand_over(mail(Message_ID="<more@x>"))).startswith("552")
    assert len(await box.kept()) == MOST


@pytest.mark.parametrize(
    "body",
    [
        b"From: a@b\r\nContent-Type: text/plain; charset=nonsense\r\n\r\nHallo \xff\r\n",
        b"From: =?utf-8?q?a=0d=0aBcc:x@y?=\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\nHallo\r\n",
        b"\r\n\r\nHallo\r\n",
        b"From: " + b"(" * 400 + b"\r\n\r\nHallo\r\n",
        b"Content-Transfer-Encoding: base64\r\nContent-Type: text/plain\r\n\r\nSGFsbG8\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
        + b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 300,
    ],
    ids=["charset", "broken parts", "no headers", "brackets", "cut base64", "deep"],
)
async def test_a_broken_mail_is_answered(box: Box, body: bytes) -> None:
    """Taken as far as it can be read, or refused for good; the receiver goes on."""
    assert (await box.hand_over(body))[:3] in ("250", "554")
    assert all(one.by.isprintable() and "=?" not in one.by for one in await box.kept())
    assert (await box.hand_over(mail())).startswith("250")


async def test_long_words_are_cut_and_say_so(box: Box) -> None:
    """An answer has a length."""
    await box.hand_over(mail("Wort " * 2000))
    (one,) = await box.kept()
    assert len(one.text) == LONGEST
    assert one.text.endswith("…")


async def test_a_mail_without_a_word_is_refused(box: Box) -> None:
    """Its writer hears of it."""
    assert (await box.hand_over(mail(""))).startswith("554")


async def test_the_worker_takes_replies_where_a_domain_is_set(box: Box, tmp_path: Path) -> None:
    """At the address that stands in its mails; without a domain mails have no such address, and nothing listens."""
    for lines, taken in ((f'[replies]\ndomain = "{DOMAIN}"\nport = {ports.free()}', True), ("", False)):
        file = tmp_path / "vorzimmer.toml"
        file.write_text(f'[ari]\npassword = "-"\n[ami]\npassword = "-"\n[database]\ndsn = "{box.dsn}"\n{lines}')
        settings = load(file)
        links = await MessageLinks(settings)()
        assert links.reply("c1", "mueller") == (box.address if taken else None)
        async with replies(settings):
            if taken:
                box.port = settings.replies.port
                assert (await box.hand_over(mail())).startswith("250")
    assert len(await box.kept()) == 1


async def test_a_port_in_use_is_told_and_stops_nothing(box: Box, troubles: Troubles) -> None:
    """The worker goes on sending."""
    async with receiving(
        Replies(partial(asyncpg.connect, box.dsn), DOMAIN, lambda: datetime.now(UTC)), box.port, troubles
    ):
        assert troubles.events() == ["replies.port_refused"]

"""E-mail over a real SMTP server: what arrives, and what each refusal means."""

from __future__ import annotations

import asyncio
import io
from email.message import EmailMessage
from pathlib import Path

import av
import pytest

from tests.notify.conftest import Certificate, MakeEmail, Troubles, soon
from tests.notify.examples import message, speak
from tests.notify.post_office import PostOffice
from vorzimmer.notify.channel import Dead, Outcome, RetryLater, Sent
from vorzimmer.notify.email import wire_address
from vorzimmer.notify.render import RenderError
from vorzimmer.store.outbox import Leased

HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"}


async def _send(make_email: MakeEmail, office: PostOffice, mail: Leased) -> Outcome:
    async with make_email(office.port) as channel:
        return await channel.send(mail)


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content


async def test_a_mail_arrives_whole(make_email: MakeEmail, office: PostOffice) -> None:
    """Envelope, headers, text and HTML are there, umlauts and Chinese intact, and robots know not to answer."""
    sent = message(language="zh")
    assert isinstance(await _send(make_email, office, sent), Sent)
    [envelope], [mail] = office.envelopes, office.mails()
    assert (envelope.mail_from, envelope.rcpt_tos) == ("calls@vorzimmer.example", ["rena@kanzlei.example"])
    assert set(mail.keys()) == HEADERS
    assert mail["From"] == "Büroservice Süd <calls@vorzimmer.example>"
    assert mail["Message-ID"] == sent.message_id
    assert mail["Date"] == "Sun, 22 Nov 2026 13:05:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"
    assert "已留言" in mail["Subject"]
    assert "已留言" in _part(mail, "plain")
    assert "<h1" in _part(mail, "html")


async def test_an_urgent_note_is_marked_and_stands_with_its_call(make_email: MakeEmail, office: PostOffice) -> None:
    """Mail programs show it before others, and next to the mail that told of the call; a header is never the note's."""
    note = {
        "title": "Nachricht",
        "name": "Erika\r\nBcc: x@evil.example",
        "urgent": True,
        "author": "Anna",
        "fields": [],
    }
    await _send(make_email, office, message(notes=[note], references="<call@vorzimmer.example>\r\nBcc: y@evil.example"))
    [mail] = office.mails()
    assert set(mail.keys()) == HEADERS | {"Importance", "X-Priority", "References"}
    assert (mail["Importance"], mail["X-Priority"]) == ("high", "1")
    assert mail["References"].startswith("<call@vorzimmer.example>")
    assert mail["Subject"].startswith("Dringend: Nachricht von Erika")


async def test_every_line_fits_the_wire(make_email: MakeEmail, office: PostOffice) -> None:
    """7-bit lines of at most 998 characters, so that no server on the way has to touch the mail."""
    await _send(make_email, office, message(language="de", caller_name="Ä" * 80, client_name="Ö" * 120))
    content = office.envelopes[0].content
    assert isinstance(content, bytes)
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert office.mails()[0]["Subject"].count("Ä") == 80


@pytest.mark.parametrize(
    "name",
    [
        "Erika\r\nBcc: x@evil.example",
        "Erika\r\n\r\nanother body",
        "=?utf-8?q?a=0d=0aBcc:_x=40evil.example?=",
        "==??utf-8?q?a=0d=0aBcc:_x=40evil.example?=?=",
        "=?utf-8?b?YQ0KQmNjOiB4QGV2aWwuZXhhbXBsZQ==?=",
        "a\u2028Bcc: x@evil.example",
        "a\x00\x0b\x0c\x1c\x85Bcc: x@evil.example",
    ],
)
@pytest.mark.parametrize("field", ["caller_name", "caller", "client_name", "call_id"])
async def test_no_header_is_injected(make_email: MakeEmail, office: PostOffice, field: str, name: str) -> None:
    """Whatever a caller's network claims, the mail has the headers that we wrote, one recipient and two parts."""
    assert isinstance(await _send(make_email, office, message(**{field: name})), Sent)
    [mail] = office.mails()
    assert set(mail.keys()) == HEADERS
    assert len(mail.keys()) == len(HEADERS)
    assert mail["To"] == "rena@kanzlei.example"
    assert office.envelopes[0].rcpt_tos == ["rena@kanzlei.example"]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


async def test_the_recording_plays(
    make_email: MakeEmail, office: PostOffice, recordings: Path, troubles: Troubles
) -> None:
    """The message that the caller left hangs on the mail as an mp3 of its length."""
    speak(recordings / "call.wav", 3.0)
    await _send(make_email, office, message(recording="call.wav", recording_seconds="3.000"))
    [attachment] = office.mails()[0].iter_attachments()
    assert attachment.get_content_type() == "audio/mpeg"
    assert attachment.get_filename() == "voicemail-20261122-140325.mp3"
    sound = attachment.get_content()
    with av.open(io.BytesIO(sound), "r", format="mp3") as file:
        frames = list(file.decode(audio=0))
        seconds = sum(frame.samples for frame in frames) / frames[0].sample_rate
    assert seconds == pytest.approx(3.0, abs=0.2)
    assert "Nachricht: 0:03 min" in _part(office.mails()[0], "plain")
    assert not troubles


async def test_a_recording_in_the_other_folder_is_found(
    make_email: MakeEmail, office: PostOffice, recordings: Path, troubles: Troubles
) -> None:
    """A message that our disk did not take is attached from where Asterisk wrote it."""
    (recordings / "spool").mkdir()
    speak(recordings / "spool" / "call.wav", 1.0)
    await _send(make_email, office, message(recording="call.wav", recording_seconds=None))
    assert [part.get_content_type() for part in office.mails()[0].iter_attachments()] == ["audio/mpeg"]
    assert not troubles


@pytest.mark.parametrize("name", ["gone.wav", "broken.wav", "../secret.wav", "/etc/passwd", "a\0b.wav", 7])
async def test_without_its_recording_the_mail_still_goes(
    make_email: MakeEmail, office: PostOffice, recordings: Path, troubles: Troubles, name: object
) -> None:
    """A missing, broken or outside file is reported and said in the mail; nothing of it is attached."""
    (recordings / "broken.wav").write_bytes(b"RIFF but not quite")
    speak(recordings.parent / "secret.wav", 1.0)
    outcome = await _send(make_email, office, message(recording=name, recording_seconds="3.000"))
    assert isinstance(outcome, Sent)
    [mail] = office.mails()
    assert not list(mail.iter_attachments())
    assert "Aufnahme: fehlt" in _part(mail, "plain")
    assert troubles.events() == ["email.recording_missing"]


@pytest.mark.parametrize(
    ("place", "answer", "kind"),
    [
        ("answers", "451 try again later", RetryLater),
        ("answers", "450 greylisted", RetryLater),
        ("answers", "550 no such user", Dead),
        ("answers", "553 not here", Dead),
        ("answers", "452 4.2.2 mailbox full", RetryLater),
        ("answers", "552 mailbox full", RetryLater),
        ("answers", "550 5.2.2 over quota", RetryLater),
        ("answers", "530 5.7.0 authentication required", RetryLater),
        ("data_answers", "452 disk full", RetryLater),
        ("data_answers", "554 looks like spam", Dead),
        ("data_answers", "552 5.2.2 mailbox full", RetryLater),
        ("data_answers", "552 5.3.4 message too big", Dead),
        ("mail_answers", "451 later", RetryLater),
        ("mail_answers", "550 sender not allowed", RetryLater),
        ("mail_answers", "552 too big", Dead),
    ],
)
async def test_each_refusal_means_what_it_says(
    make_email: MakeEmail, office: PostOffice, place: str, answer: str, kind: type[Outcome]
) -> None:
    """4xx is tried again; 5xx is final where it is about the recipient or the mail, not about our settings.

    The connection stays usable: the next mail goes over it.
    """
    getattr(office, place).append(answer)
    async with make_email(office.port) as channel:
        outcome = await channel.send(message())
        assert isinstance(outcome, kind)
        assert answer in outcome.detail
        assert isinstance(await channel.send(message()), Sent)
    assert (len(office.envelopes), office.opened) == (1, 1)


async def test_a_server_that_is_away_is_waited_for(make_email: MakeEmail, troubles: Troubles) -> None:
    """Nobody listening is temporary and reported once an outage; back again, the same channel sends."""
    office = PostOffice()
    async with office:
        pass
    async with make_email(office.port) as channel:
        outcomes = [await channel.send(message()) for _ in range(3)]
        assert [isinstance(one, RetryLater) and one.away for one in outcomes] == [True] * 3
        assert troubles.events() == ["email.server_unreachable"]
        await office.open(office.port)
        assert isinstance(await channel.send(message()), Sent)
    await office.close()


async def test_a_silent_server_is_temporary(make_email: MakeEmail, office: PostOffice) -> None:
    """A server that takes the mail and never answers costs the timeout and no more; its connection is not kept."""
    office.hold = asyncio.Event()
    async with make_email(office.port, timeout=1.0) as channel:
        assert isinstance(await channel.send(message()), RetryLater)
        office.hold.set()
        office.hold = None
        assert isinstance(await channel.send(message()), Sent)
    assert office.opened == 2


async def test_a_kept_connection_that_the_server_cut_is_opened_again(make_email: MakeEmail, office: PostOffice) -> None:
    """A server that hangs up between two mails, or says 421 at the next one, costs no attempt."""
    async with make_email(office.port) as channel:
        assert isinstance(await channel.send(message()), Sent)
        office.hang_up()
        assert isinstance(await channel.send(message()), Sent)
        assert office.opened == 2
        office.mail_answers.append("421 enough for one connection")
        assert isinstance(await channel.send(message()), Sent)
    assert (len(office.envelopes), office.opened) == (3, 3)


async def test_421_on_a_new_connection_is_temporary(make_email: MakeEmail, office: PostOffice) -> None:
    """A busy server is not asked again at once."""
    office.mail_answers.append("421 too busy")
    assert isinstance(await _send(make_email, office, message()), RetryLater)
    assert office.opened == 1


async def test_one_connection_serves_mail_after_mail(make_email: MakeEmail, office: PostOffice) -> None:
    """While there is work, no time goes into opening connections."""
    async with make_email(office.port) as channel:
        for _ in range(5):
            assert isinstance(await channel.send(message()), Sent)
    assert office.opened == 1


async def test_an_idle_connection_is_closed(make_email: MakeEmail, office: PostOffice) -> None:
    """Without work the connection is given back by itself, and the next mail opens another."""
    async with make_email(office.port, idle=0.05) as channel:
        assert isinstance(await channel.send(message()), Sent)
        await soon(office.closed)
        assert isinstance(await channel.send(message()), Sent)
    assert office.opened == 2


async def test_many_at_once_share_a_few_connections(make_email: MakeEmail, office: PostOffice) -> None:
    """A wave of mails does not become a wave of connections."""
    async with make_email(office.port) as channel:
        outcomes = await asyncio.gather(*(channel.send(message()) for _ in range(30)))
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert len({mail["Message-ID"] for mail in office.mails()}) == 30
    assert office.opened <= 4


async def test_a_cancelled_sending_spoils_no_connection(make_email: MakeEmail, office: PostOffice) -> None:
    """A connection in the middle of a mail is never given to the next one."""
    office.hold = asyncio.Event()
    async with make_email(office.port) as channel:
        sending = asyncio.create_task(channel.send(message()))
        await soon(office.arrived)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        office.hold.set()
        office.hold = None
        assert isinstance(await channel.send(message()), Sent)
    assert office.opened == 2


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_tls_with_an_own_authority(
    make_email: MakeEmail, certificates: tuple[Certificate, Certificate], tls: str
) -> None:
    """Encrypted and logged in, with the certificate checked against the house's own authority."""
    own, _ = certificates
    async with (
        PostOffice(own.server(), implicit=tls == "tls", password="open sesame") as office,
        make_email(
            office.port, host="localhost", tls=tls, ca_file=own.file, user="vorzimmer", password="open sesame"
        ) as channel,
    ):
        assert isinstance(await channel.send(message()), Sent)
        assert len(office.logins) == 1


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_wrong_certificate_gets_no_mail(
    make_email: MakeEmail, certificates: tuple[Certificate, Certificate], troubles: Troubles, tls: str
) -> None:
    """An impostor sees neither mail nor password; the mail waits, and somebody is told."""
    own, other = certificates
    async with (
        PostOffice(other.server(), implicit=tls == "tls", password="open sesame") as office,
        make_email(
            office.port, host="localhost", tls=tls, ca_file=own.file, user="vorzimmer", password="open sesame"
        ) as channel,
    ):
        assert isinstance(await channel.send(message()), RetryLater)
        assert (office.envelopes, office.logins) == ([], [])
    [(event, about)] = troubles
    assert event == "email.server_unreachable"
    assert "open sesame" not in str(about)


async def test_a_certificate_for_another_name_gets_no_mail(
    make_email: MakeEmail, certificates: tuple[Certificate, Certificate]
) -> None:
    """The right authority is not enough: the name must be the server's."""
    own, _ = certificates
    async with (
        PostOffice(own.server()) as office,
        make_email(office.port, host="127.0.0.1", tls="starttls", ca_file=own.file) as channel,
    ):
        assert isinstance(await channel.send(message()), RetryLater)


async def test_no_starttls_no_mail(
    make_email: MakeEmail, office: PostOffice, certificates: tuple[Certificate, Certificate]
) -> None:
    """A server, or somebody between, that hides STARTTLS does not get the mail in the clear."""
    async with make_email(office.port, host="localhost", tls="starttls", ca_file=certificates[0].file) as channel:
        assert isinstance(await channel.send(message()), RetryLater)
    assert not office.envelopes


async def test_a_wrong_password_is_temporary(
    make_email: MakeEmail, certificates: tuple[Certificate, Certificate], troubles: Troubles
) -> None:
    """A password that was changed must not kill the mails of a night; it does not show in the report."""
    own, _ = certificates
    async with (
        PostOffice(own.server(), password="open sesame") as office,
        make_email(
            office.port, host="localhost", tls="starttls", ca_file=own.file, user="vorzimmer", password="hunter2"
        ) as channel,
    ):
        outcome = await channel.send(message())
    assert isinstance(outcome, RetryLater)
    assert "535" in outcome.detail
    assert "hunter2" not in str(troubles) + outcome.detail


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "@x.example",
        "a@",
        "a b@x.example",
        "a@x.example\r\nRCPT TO:<b@x.example>",
        "<a@x.example>",
        "a,b@x.example",
    ],
)
async def test_what_is_no_address_is_dead(make_email: MakeEmail, office: PostOffice, address: str) -> None:
    """A wrong recipient is put aside without a word to the server."""
    assert isinstance(await _send(make_email, office, message(address)), Dead)
    assert office.opened == 0


async def test_a_domain_with_umlauts_goes_as_ascii(make_email: MakeEmail, office: PostOffice) -> None:
    """Any server takes it that way."""
    assert isinstance(await _send(make_email, office, message("info@müller.example")), Sent)
    assert office.envelopes[0].rcpt_tos == ["info@xn--mller-kva.example"]
    assert wire_address("info@müller.example") == "info@xn--mller-kva.example"


async def test_an_international_mailbox_needs_a_server_that_knows_them(make_email: MakeEmail) -> None:
    """`jürgen@` goes to a server with SMTPUTF8, and to one without it never will."""
    async with PostOffice() as office:
        assert isinstance(await _send(make_email, office, message("jürgen@x.example")), Dead)
    async with PostOffice(utf8=True) as office:
        assert isinstance(await _send(make_email, office, message("jürgen@x.example")), Sent)
        assert office.envelopes[0].rcpt_tos == ["jürgen@x.example"]
        assert "Müller" in office.mails()[0]["Subject"]


async def test_what_cannot_be_written_says_so_and_keeps_the_connection(
    make_email: MakeEmail, office: PostOffice
) -> None:
    """A wrong row is the row's fault alone."""
    async with make_email(office.port) as channel:
        with pytest.raises(RenderError):
            await channel.send(message(language="tlh"))
        assert isinstance(await channel.send(message()), Sent)
    assert office.opened == 1


def test_a_wrong_ca_file_is_found_at_the_start(tmp_path: Path, make_email: MakeEmail) -> None:
    """Not at night with the first mail."""
    with pytest.raises(OSError, match="No such file"):
        make_email(25, tls="tls", ca_file=tmp_path / "none.pem")


async def test_the_message_id_is_the_rows(make_email: MakeEmail, office: PostOffice) -> None:
    """Two attempts at one row carry the same Message-ID, by which the second is known."""
    row = message()
    async with make_email(office.port) as channel:
        await channel.send(row)
        await channel.send(row)
    assert [mail["Message-ID"] for mail in office.mails()] == [row.message_id] * 2

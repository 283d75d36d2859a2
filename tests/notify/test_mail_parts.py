"""What a mail carries besides its words: links, the address for replies, appointments, and the copy that is kept."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import orjson
import pytest
from icalendar import Calendar

from tests.notify.conftest import Certificate, MakeEmail, Troubles
from tests.notify.examples import message, payload, speak
from tests.notify.post_office import PostOffice
from tests.notify.test_appointments import planned
from vorzimmer.notify.channel import RetryLater, Sent
from vorzimmer.notify.render import Links
from vorzimmer.store.outbox import Leased

LINKS = Links(
    recording=lambda call, client: f"https://buero.example/r/{call}-{client}",
    answer=lambda call, client: f"https://buero.example/m/{call}-{client}",
    reply=lambda call, client: f"reply+{call}.{client}@replies.example",
)


async def links() -> Links:
    """As the worker's are, once the database has told the secret."""
    return LINKS


async def sent(make_email: MakeEmail, office: PostOffice, row: Leased, **sender: Any) -> tuple[EmailMessage, Sent]:
    """The mail that arrived, and what the channel says of it."""
    async with make_email(office.port, sender={"links": links, **sender}) as channel:
        outcome = await channel.send(row)
    assert isinstance(outcome, Sent)
    [mail] = office.mails()
    return mail, outcome


def text(mail: EmailMessage) -> str:
    """Its words."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def kept(outcome: Sent) -> Any:
    """The copy."""
    assert outcome.copy is not None
    assert outcome.copy.media_type == "application/json"
    return orjson.loads(outcome.copy.content)


@pytest.mark.parametrize(
    ("rule", "attached", "linked"),
    [
        ({}, True, False),
        ({"recording": "linked"}, False, True),
        ({"recording": "none"}, False, False),
        ({"facts": ["caller", "time"]}, False, False),
    ],
    ids=["attached", "linked", "none", "untold"],
)
async def test_the_recording_goes_as_the_rule_wants(
    make_email: MakeEmail,
    office: PostOffice,
    recordings: Path,
    *,
    rule: dict[str, Any],
    attached: bool,
    linked: bool,
) -> None:
    """On the mail, behind a link that expires, or not at all; the copy says which files hung on it."""
    speak(recordings / "call.wav", 1.0)
    row = message(recording="call.wav", recording_seconds="1.0", rule={"id": "office", **rule})
    mail, outcome = await sent(make_email, office, row)
    names = [part.get_filename() for part in mail.iter_attachments()]
    assert names == (["voicemail-20261122-140325.mp3"] if attached else [])
    assert ("https://buero.example/r/1763816605.12-mueller" in text(mail)) == linked
    assert kept(outcome)["attachments"] == names


async def test_a_digest_arrives_as_one_mail(
    make_email: MakeEmail, office: PostOffice, recordings: Path, troubles: Troubles
) -> None:
    """Of no call alone: its Message-ID is of our domain, messages are linked, appointments are in one file."""
    speak(recordings / "call.wav", 1.0)
    calls = [payload(recording="call.wav", recording_seconds="1.0"), payload(call_id="b", notes=[planned()])]
    about = {"client_name": "Kanzlei Müller", "timezone": "Europe/Berlin", "rule": {"id": "evening"}}
    row = replace(
        message(), call_id=None, about="digest:evening:x", payload={"digest": calls, **about}, message_id="<d@house>"
    )
    mail, outcome = await sent(make_email, office, row, reply_to="office@buero.example")
    assert mail["Subject"] == "2 Anrufe für Kanzlei Müller, 22. November"
    assert mail["Message-ID"] == "<d@vorzimmer.example>"
    assert mail["Reply-To"] == "office@buero.example"
    assert "https://buero.example/r/1763816605.12-mueller" in text(mail)
    assert kept(outcome)["attachments"] == ["appointment.ics"]
    assert not troubles


async def test_an_appointment_hangs_on_the_mail(make_email: MakeEmail, office: PostOffice) -> None:
    """As a file that calendar programs open, and as words."""
    mail, _ = await sent(make_email, office, message(notes=[planned()]))
    [part] = mail.iter_attachments()
    assert (part.get_content_type(), part.get_param("method")) == ("text/calendar", "PUBLISH")
    assert (part.get_content_charset(), part.get_filename()) == ("utf-8", "appointment.ics")
    [event] = Calendar.from_ical(part.get_content()).events
    assert str(event["SUMMARY"]) == "Termin: Erika Muster"
    assert "Montag, 28. Dezember 2026" in text(mail)


async def test_replies_go_to_the_call_or_to_the_office(make_email: MakeEmail, office: PostOffice) -> None:
    """To an address of the call where there is one, else to the office's, else to nobody in particular."""

    async def none() -> Links:
        return Links()

    ways: list[dict[str, Any]] = [
        {"reply_to": "office@büro.example"},
        {"reply_to": "office@büro.example", "links": none},
        {"links": none},
    ]
    for sender in ways:
        await sent(make_email, office, message(), **sender)
        office.envelopes, read = [], office.mails()[0]["Reply-To"]
        sender["read"] = read
    assert [way["read"] for way in ways] == [
        "reply+1763816605.12.mueller@replies.example",
        "office@xn--bro-hoa.example",
        None,
    ]


async def test_the_copy_is_what_was_sent(make_email: MakeEmail, office: PostOffice) -> None:
    """Subject, text and HTML, word for word."""
    mail, outcome = await sent(make_email, office, message(language="zh"))
    copy = kept(outcome)
    html = mail.get_body(("html",))
    assert html is not None
    assert (copy["subject"], copy["text"]) == (mail["Subject"], text(mail).replace("\r\n", "\n"))
    assert copy["html"] == str(html.get_content()).replace("\r\n", "\n")


async def test_of_a_letter_no_copy_is_kept(make_email: MakeEmail, office: PostOffice) -> None:
    """It may hold a link by which a password is chosen."""
    data = {"name": "Kanzlei Müller", "url": "https://buero.example/#order=x", "expires": "2026-12-06T13:05:00+00:00"}
    row = replace(message(), call_id=None, about="letter:x", payload={"kind": "order_link", "data": data})
    mail, outcome = await sent(make_email, office, row, reply_to="office@buero.example")
    assert outcome.copy is None
    assert mail["Reply-To"] == "office@buero.example"


async def test_own_words_that_fail_do_not_keep_the_mail(
    make_email: MakeEmail, office: PostOffice, troubles: Troubles
) -> None:
    """It goes in the built-in words, and somebody hears of it."""
    own = {"template": {"body": "{% for i in (1..999999999) %}x{% endfor %}"}}
    mail, _ = await sent(make_email, office, message(rule=own))
    assert "Nachricht hinterlassen" in text(mail)
    assert troubles.events() == ["notify.own_words_failed"]


async def test_the_operators_words_are_taken(make_email: MakeEmail, office: PostOffice) -> None:
    """For clients that have none of their own, in their language."""
    mail, _ = await sent(make_email, office, message(), words={"de": {"subject": "{{ name }}", "body": "Hallo"}})
    assert (mail["Subject"], text(mail).strip()) == ("Erika Muster", "Hallo")


async def test_without_the_secret_of_the_links_the_mail_waits(make_email: MakeEmail, office: PostOffice) -> None:
    """A mail without its links would be less than was promised; the database comes back."""

    async def away() -> Links:
        raise ConnectionError("the database is away")

    async with make_email(office.port, sender={"links": away}) as channel:
        outcome = await channel.send(message())
        assert isinstance(outcome, RetryLater)
        assert "the database is away" in outcome.detail
    assert not office.envelopes


@pytest.mark.parametrize("host", ["mail\r\nRCPT.example", "mail.example\r", "x" * 300, "mail example", ""])
def test_a_host_that_is_none_is_told_at_the_start(make_email: MakeEmail, host: str) -> None:
    """Not at night with the first mail, and no byte of it gets into a command."""
    with pytest.raises(ValueError, match="neither a name nor an address"):
        make_email(25, host=host)


async def test_a_host_without_an_address_is_waited_for(make_email: MakeEmail, troubles: Troubles) -> None:
    """The setting is wrong, or the DNS is away; not the mail."""
    async with make_email(25, host="a..b") as channel:
        outcome = await channel.send(message())
    assert isinstance(outcome, RetryLater)
    assert outcome.away
    assert troubles.events() == ["email.server_unreachable"]


async def test_our_own_name_ends_no_command(
    make_email: MakeEmail, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever this machine claims to be called, the greeting stays one line, and the mail goes."""
    monkeypatch.setattr("vorzimmer.notify.smtp.socket.gethostname", lambda: "evil\r\nMAIL FROM:<x@evil.example>")
    await sent(make_email, office, message())


async def test_a_connection_cut_in_the_middle_of_a_mail_is_temporary(make_email: MakeEmail, office: PostOffice) -> None:
    """Nobody knows whether it was taken: it goes again, under the same Message-ID."""
    office.hold = asyncio.Event()
    row = message()
    async with make_email(office.port) as channel:
        sending = asyncio.create_task(channel.send(row))
        async with asyncio.timeout(20):
            await office.arrived.wait()
        office.hang_up()
        assert isinstance(await sending, RetryLater)
        office.hold.set()
        office.hold = None
        assert isinstance(await channel.send(row), Sent)
    assert set(office.offered) == {row.message_id}


@pytest.fixture(scope="module")
def expired(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for `localhost` that was good on the first day of 2020."""
    folder = tmp_path_factory.mktemp("expired")
    settings = ["[ca]", "default_ca=d", "[d]", "database=index", "new_certs_dir=.", "rand_serial=yes", "policy=p"]
    settings += ["default_md=sha256", "x509_extensions=e", "[p]", "commonName=supplied", "[e]"]
    settings += ["subjectAltName=DNS:localhost", "[req]", "distinguished_name=n", "[n]"]
    (folder / "ca.conf").write_text("\n".join(settings) + "\n")
    (folder / "index").touch()
    asked = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -config ca.conf"
    signed = "openssl ca -batch -selfsign -notext -config ca.conf -keyfile key -in asked -out pem"
    signed += " -startdate 20200101000000Z -enddate 20200102000000Z"
    for command in (f"{asked} -keyout key -out asked", signed):
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return Certificate(folder / "pem", folder / "key")


async def test_an_expired_certificate_gets_no_mail(
    make_email: MakeEmail, expired: Certificate, troubles: Troubles
) -> None:
    """The mail waits until somebody renews it, and is told so."""
    async with (
        PostOffice(expired.server()) as office,
        make_email(office.port, host="localhost", tls="starttls", ca_file=expired.file) as channel,
    ):
        outcome = await channel.send(message())
    assert isinstance(outcome, RetryLater)
    assert outcome.away
    assert "expired" in outcome.detail
    assert not office.envelopes
    assert troubles.events() == ["email.server_unreachable"]

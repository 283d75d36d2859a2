"""The channel e-mail: one mail per message about a call, with the recording as mp3, or per letter, over a mail server.

Temporary and permanent failures are told apart by whose fault they are. The recipient or the mail refused with 5xx is
permanent. All else is temporary, a refused login or sender too: that is a setting of ours, and when somebody mends
it the mails of a night must still go out.
"""

from __future__ import annotations

import email.policy
import re
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.header import Header
from email.mime.audio import MIMEAudio
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Any, Self

import aiosmtplib
import orjson

from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.notify.appointments import Attachment, appointments
from vorzimmer.notify.channel import Dead, Outcome, RetryLater, Sent
from vorzimmer.notify.letter import render_letter
from vorzimmer.notify.own_words import Words
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.render import Links, Page, Voicemail, render, started
from vorzimmer.notify.smtp import AWAY, Lines, Server
from vorzimmer.notify.telling import recording_as
from vorzimmer.notify.view import NO_LINKS
from vorzimmer.store.outbox import Copy, Leased

ToMp3 = Callable[[Path, Path], Awaitable[object]]
"""Makes an mp3 (second) of a recording (first); raises any exception where the recording is missing or broken."""

LINES = 4
IDLE = 10.0
"""Seconds. Servers hang up on idle clients after minutes; a wave of calls ends sooner."""

OURS = (530, 534, 535, 538)
"""Replies that ask for a login or for encryption, whatever command they answer (RFC 4954): our settings are wrong."""

WIRE = email.policy.compat32.clone(linesep="\r\n")
"""The plain kind of mail: a third of the time that `EmailMessage` takes, and no value of a header is ever parsed."""

GONE = (
    *(aiosmtplib.SMTPConnectError, aiosmtplib.SMTPHeloError, aiosmtplib.SMTPAuthenticationError),
    *(ssl.SSLError, UnicodeError),
)
"""What says that no mail will go at the moment, whichever it is; 421 does too."""

TOO_BIG = 552
"""To MAIL FROM with its SIZE (RFC 1870): about this mail, unlike all other refusals of the sender."""

FULL = re.compile(r"5\.2\.2\b")
"""A full mailbox (RFC 3463, 3.3): whoever has it may make room, so it is no final refusal."""


async def _no_links() -> Links:
    return NO_LINKS


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes. `address`: of From and of the envelope, which also gets the bounces; `name`: the operator's.

    `region`: ISO 3166; its numbers are written without the country code. `reply_to`: the address of the office, for
    replies to mails for which `links` knows no better one. `words`: the operator's own, by language. `links`: to
    recordings, to the answer page and for replies.
    """

    address: str
    name: str
    region: str
    reply_to: str | None = None
    words: Mapping[str, Words] = field(default_factory=dict)
    links: Callable[[], Awaitable[Links]] = _no_links


@dataclass(frozen=True, slots=True)
class Written:
    """A mail for the wire, and what of it is kept to be read later."""

    mail: bytes
    copy: Copy | None


class Email:
    """The channel. Use it as a context: leaving it closes the connections.

    Args:
        server: where mails go.
        sender: who writes them, and how.
        recordings: the folders in one of which the recordings lie that payloads name.
        to_mp3: converts one of them.
        clock: gives the Date.
        trouble: hears of a missing recording, of own words that failed, and of an unreachable server.
        idle: seconds until an unused connection is closed.
    """

    def __init__(
        self,
        server: Server,
        sender: Sender,
        *,
        recordings: Sequence[Path],
        to_mp3: ToMp3,
        clock: Clock,
        trouble: Trouble,
        idle: float = IDLE,
    ) -> None:
        self._lines = Lines(server, trouble, most=LINES, idle=idle)
        self._sender = sender
        self._address = wire_address(sender.address)
        self._reply_to = wire_address(sender.reply_to) if sender.reply_to else None
        self._recordings = recordings
        self._to_mp3 = to_mp3
        self._clock = clock
        self._trouble = trouble

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._lines.__aexit__(*exc)

    async def send(self, message: Leased, /) -> Outcome:
        """Render and send. The connection comes first: while the server is away no recording is converted in vain.

        Raises:
            RenderError: the payload or a template is wrong.
        """
        try:
            recipient = wire_address(message.recipient)
        except ValueError as error:
            return Dead(str(error))
        international = () if recipient.isascii() else ("SMTPUTF8",)
        try:
            async with self._lines.line() as line:
                if international and not line.supports("smtputf8"):
                    return Dead(f"the mail server does not take addresses like {recipient}")
                written = await self._write(message, recipient)
                said = await line.send(self._address, recipient, written.mail, international)
                return Sent(one_line(said), copy=written.copy)
        except AWAY as error:
            return judge(error)

    async def _write(self, message: Leased, recipient: str) -> Written:
        if message.call_id is None and "digest" not in message.payload:
            # No copy: letters hold links that open more than a message, and the outbox forgets them once sent.
            letter = render_letter(message.payload, message.language, self._sender.name)
            return Written(self._compose(message, recipient, letter, self._reply_to, ()).as_bytes(), None)
        links = await self._sender.links()
        attached, voicemail = await self._voicemail(message)
        own, region = self._sender.words, self._sender.region
        page = render(message.payload, message.language, region, voicemail, links, house=own, trouble=self._trouble)
        attached += appointments(message.payload, message.language, region, self._domain, self._clock())
        answer = links.reply(message.call_id, message.client_id) if message.call_id is not None else None
        mail = self._compose(message, recipient, page, answer or self._reply_to, attached)
        return Written(mail.as_bytes(), _copy(page, attached))

    def _compose(
        self, message: Leased, recipient: str, page: Page, reply_to: str | None, attached: Sequence[Attachment]
    ) -> MIMEBase:
        mail = words = _words(page)
        if attached:
            mail = MIMEMultipart("mixed", None, [words, *(_attached(one) for one in attached)], policy=WIRE)
        mail["From"] = formataddr((one_line(self._sender.name, 80), self._address))
        # An international mailbox cannot be written in ASCII; the envelope knows it (RFC 5322, 3.6.3).
        mail["To"] = recipient if recipient.isascii() else "undisclosed-recipients:;"
        if reply_to is not None:
            mail["Reply-To"] = reply_to
        mail["Subject"] = Header(page.subject, "utf-8", header_name="Subject").encode(linesep="\n")
        mail["Date"] = format_datetime(self._clock())
        mail["Message-ID"] = self._message_id(message)
        mail["Auto-Submitted"] = "auto-generated"
        if page.urgent:
            mail["Importance"] = "high"  # RFC 2156
            mail["X-Priority"] = "1"  # what more mail programs read
        if references := message.payload.get("references"):
            mail["References"] = one_line(references, 200)  # a note stands with the mail about its call
        return mail

    @property
    def _domain(self) -> str:
        return self._address.partition("@")[2]

    def _message_id(self, message: Leased) -> str:
        known = one_line(message.message_id, 200)
        # Letters are posted by whoever has something to tell; only here is it known which domain sends.
        return known if message.call_id is not None else f"{known.partition('@')[0]}@{self._domain}>"

    async def _voicemail(self, message: Leased) -> tuple[tuple[Attachment, ...], Voicemail]:
        """The recording, where the rule wants it attached; one of a digest is only linked to."""
        way = "linked" if "digest" in message.payload else recording_as(message.payload)
        if way != "attached":
            return (), way
        name = message.payload["recording"]
        try:
            mp3 = await self._converted(name)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a recording, the mail must go
            self._trouble(
                "email.recording_missing", call_id=message.call_id, recording=str(name), error=one_line(str(error))
            )
            return (), "missing"
        name = f"voicemail-{started(message.payload):%Y%m%d-%H%M%S}.mp3"
        return (Attachment(name, "audio/mpeg", mp3),), "attached"

    async def _converted(self, name: Any) -> bytes:
        wav = self._found(name)
        with tempfile.TemporaryDirectory(prefix="vorzimmer-mail-") as scratch:
            mp3 = Path(scratch) / "voicemail.mp3"
            await self._to_mp3(wav, mp3)
            return mp3.read_bytes()

    def _found(self, name: str) -> Path:
        """Where the recording lies: in the first folder that has it."""
        places = [(folder, (folder / name).resolve()) for folder in map(Path.resolve, self._recordings)]
        if not all(wav.is_relative_to(folder) for folder, wav in places):
            raise ValueError("the recording lies outside its folder")
        return next((wav for _, wav in places if wav.exists()), places[0][1])


def wire_address(text: str) -> str:
    """An address as it goes over the wire: the domain in ASCII (IDNA), the local part as it is.

    Raises:
        ValueError: it is none, or holds what would end a command or a header.
    """
    local, at, domain = text.rpartition("@")
    if not (local and at and domain) or not text.isprintable() or set(text) & set(' <>(),;:"\\') or "=?" in text:
        raise ValueError(f"not an e-mail address: {one_line(text, 100)}")
    return f"{local}@{domain.encode('idna').decode('ascii')}"


def _words(page: Page) -> MIMEBase:
    text = _text(page.text, "plain")
    if not page.html:
        return text
    return MIMEMultipart("alternative", None, [text, _text(page.html, "html")], policy=WIRE)


def _attached(one: Attachment) -> MIMEBase:
    if one.media_type == "text/calendar":
        text = one.content.decode()
        part: MIMEBase = MIMEText(text, "calendar", "utf-8", policy=WIRE)
        part.set_param("method", "PUBLISH")  # RFC 6047, 2.4
    else:
        part = MIMEAudio(one.content, one.media_type.partition("/")[2], policy=WIRE)
    part.add_header("Content-Disposition", "attachment", filename=one.name)
    return part


def _copy(page: Page, attached: Sequence[Attachment]) -> Copy:
    """What is kept of a mail: its words, and the names of what hung on it."""
    kept = {
        "subject": page.subject,
        "text": page.text,
        "html": page.html,
        "attachments": [one.name for one in attached],
    }
    return Copy("application/json", orjson.dumps(kept))


def _text(words: str, kind: str) -> MIMEText:
    """A part of text. Its line ends are those of the standard, also inside base64."""
    return MIMEText(words.replace("\n", "\r\n"), kind, policy=WIRE)


def judge(error: Exception) -> Outcome:
    """What a failed delivery means for this mail (see the module's words)."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[refused]) if refused.code == TOO_BIG:
            # To RCPT it is a mailbox that is full (RFC 5321, 4.2.3): nobody knows yet how long the mail is.
            return RetryLater(one_line(f"mailbox full: {refused.code} {refused.message}"))
        case aiosmtplib.SMTPRecipientsRefused(recipients=[refused]):
            return _by_code(refused.code, f"recipient refused: {refused.code} {refused.message}")
        case aiosmtplib.SMTPDataError(code=code, message=message):
            return _by_code(code, f"mail refused: {code} {message}")
        case aiosmtplib.SMTPSenderRefused(code=code, message=message):
            detail = one_line(f"sender refused: {code} {message}")
            return Dead(detail) if code == TOO_BIG else RetryLater(detail)
        case _:
            gone = isinstance(error, GONE) or getattr(error, "code", None) == aiosmtplib.SMTPStatus.domain_unavailable
            return RetryLater(one_line(f"{type(error).__name__}: {error}"), away=gone)


def _by_code(code: int, words: str) -> Outcome:
    permanent = 500 <= code < 600 and code not in OURS and FULL.search(words) is None
    return Dead(one_line(words)) if permanent else RetryLater(one_line(words))

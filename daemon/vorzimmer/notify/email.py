"""The channel e-mail: one mail per message, with the recording as mp3, over a mail server that takes our mail.

Temporary and permanent failures are told apart by whose fault they are. The recipient or the mail refused with 5xx is
permanent. All else is temporary, a refused login or sender too: that is a setting of ours, and when somebody mends
it the mails of a night must still go out.
"""

from __future__ import annotations

import email.policy
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from email.header import Header
from email.mime.audio import MIMEAudio
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Any, Self

import aiosmtplib

from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.notify.channel import Dead, Outcome, RetryLater, Sent
from vorzimmer.notify.plain import one_line
from vorzimmer.notify.render import Page, Voicemail, render, started
from vorzimmer.notify.smtp import AWAY, Lines, Server
from vorzimmer.store.outbox import Leased

ToMp3 = Callable[[Path, Path], Awaitable[object]]
"""Makes an mp3 (second) of a recording (first); raises any exception where the recording is missing or broken."""

LINES = 4
IDLE = 10.0
"""Seconds. Servers hang up on idle clients after minutes; a wave of calls ends sooner."""

OURS = (530, 534, 535, 538)
"""Replies that ask for a login or for encryption, whatever command they answer (RFC 4954): our settings are wrong."""

WIRE = email.policy.compat32.clone(linesep="\r\n")
"""The plain kind of mail: a third of the time that `EmailMessage` takes, and no value of a header is ever parsed."""

TOO_BIG = 552
"""To MAIL FROM with its SIZE (RFC 1870): about this mail, unlike all other refusals of the sender."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A recording ready to be attached."""

    name: str
    mp3: bytes


class Email:
    """The channel. Use it as a context: leaving it closes the connections.

    Args:
        server: where mails go.
        sender: address of From and of the envelope, which also gets the bounces.
        house: the operator's name, shown as the sender's.
        region: ISO 3166; its numbers are written without the country code.
        recordings: the folders in one of which the recordings lie that payloads name.
        to_mp3: converts one of them.
        clock: gives the Date.
        trouble: hears of a missing recording and of an unreachable server.
        idle: seconds until an unused connection is closed.
    """

    def __init__(  # noqa: PLR0913 - what a mail needs from the settings, named one by one
        self,
        server: Server,
        *,
        sender: str,
        house: str,
        region: str,
        recordings: Sequence[Path],
        to_mp3: ToMp3,
        clock: Clock,
        trouble: Trouble,
        idle: float = IDLE,
    ) -> None:
        self._lines = Lines(server, trouble, most=LINES, idle=idle)
        self._sender = wire_address(sender)
        self._house = house
        self._region = region
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
                mail = await self._write(message, recipient)
                return Sent(one_line(await line.send(self._sender, recipient, mail, international)))
        except AWAY as error:
            return judge(error)

    async def _write(self, message: Leased, recipient: str) -> bytes:
        attachment, voicemail = await self._voicemail(message)
        page = render(message.payload, message.language, self._region, voicemail)
        return self._compose(message, recipient, page, attachment).as_bytes()

    def _compose(self, message: Leased, recipient: str, page: Page, attachment: Attachment | None) -> MIMEMultipart:
        words = MIMEMultipart("alternative", None, [_text(page.text, "plain"), _text(page.html, "html")], policy=WIRE)
        mail = words
        if attachment is not None:
            sound = MIMEAudio(attachment.mp3, "mpeg", policy=WIRE)
            sound.add_header("Content-Disposition", "attachment", filename=attachment.name)
            mail = MIMEMultipart("mixed", None, [words, sound], policy=WIRE)
        mail["From"] = formataddr((one_line(self._house, 80), self._sender))
        # An international mailbox cannot be written in ASCII; the envelope knows it (RFC 5322, 3.6.3).
        mail["To"] = recipient if recipient.isascii() else "undisclosed-recipients:;"
        mail["Subject"] = Header(page.subject, "utf-8").encode(linesep="\n")
        mail["Date"] = format_datetime(self._clock())
        mail["Message-ID"] = one_line(message.message_id, 200)
        mail["Auto-Submitted"] = "auto-generated"
        return mail

    async def _voicemail(self, message: Leased) -> tuple[Attachment | None, Voicemail]:
        name = message.payload.get("recording")
        if not name:
            return None, "none"
        try:
            mp3 = await self._converted(name)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a recording, the mail must go
            self._trouble(
                "email.recording_missing", call_id=message.call_id, recording=str(name), error=one_line(str(error))
            )
            return None, "missing"
        return Attachment(f"voicemail-{started(message.payload):%Y%m%d-%H%M%S}.mp3", mp3), "attached"

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


def _text(words: str, kind: str) -> MIMEText:
    """A part of text. Its line ends are those of the standard, also inside base64."""
    return MIMEText(words.replace("\n", "\r\n"), kind, policy=WIRE)


def judge(error: Exception) -> Outcome:
    """What a failed delivery means for this mail (see the module's words)."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[refused]):
            return _by_code(refused.code, f"recipient refused: {refused.code} {refused.message}")
        case aiosmtplib.SMTPDataError(code=code, message=message):
            return _by_code(code, f"mail refused: {code} {message}")
        case aiosmtplib.SMTPSenderRefused(code=code, message=message):
            detail = one_line(f"sender refused: {code} {message}")
            return Dead(detail) if code == TOO_BIG else RetryLater(detail)
        case _:
            return RetryLater(one_line(f"{type(error).__name__}: {error}"))


def _by_code(code: int, words: str) -> Outcome:
    permanent = 500 <= code < 600 and code not in OURS
    return Dead(one_line(words)) if permanent else RetryLater(one_line(words))

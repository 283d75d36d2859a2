"""One connection to Asterisk's manager interface: panoramisk's parsing behind a framing of our own.

panoramisk 1.4 decodes each TCP segment by itself (a character split over two is lost), keeps a message that never
ends for ever, guesses from the wording of an answer whether a list follows, and sends unanswered actions again
after a reconnect. Here whole messages are decoded, their size has a limit, Asterisk's own `EventList` header says
what is a list, and what was pending when the connection broke fails.
https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Manager-Interface-AMI/AMI-v2-Specification/
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from panoramisk.actions import Action as PanoramiskAction
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

BANNER = b"Asterisk Call Manager/"
END = b"\r\n\r\n"

LONGEST_MESSAGE = 256 * 1024
"""Bytes of one message, far above what Asterisk sends; beyond it the peer is not one or is out of step."""

LONGEST_LINE = 1000
"""Bytes of one line that we send: Asterisk's buffer holds 1025, and a longer line is dropped without an answer."""

Fields = Mapping[str, "str | tuple[str, ...]"]
"""Header -> value, by lower-case name; a header that stands several times is a tuple."""


class AmiError(Exception):
    """The manager interface could not be used."""


class Disconnected(AmiError):
    """There is no connection, or it broke before the answer came: whether the action took effect is unknown."""


@dataclass(frozen=True, slots=True)
class Response:
    """Asterisk's answer. `message` is its own sentence; `events` are the entries, where the answer is a list."""

    success: bool
    message: str
    fields: Fields
    events: tuple[Fields, ...] = ()


class Action(PanoramiskAction):  # type: ignore[misc]  # panoramisk is untyped
    """An action that waits for its answer; whether that is a list is told by Asterisk, not guessed."""

    def add_message(self, message: Message) -> bool:
        """Take one message that carries our ActionID; True once the answer is complete."""
        if not self.responses and "response" not in message:
            return False
        self.responses.append(message)
        is_list = self.responses[0].eventlist.lower() == "start"
        complete = not is_list or message.eventlist.lower() in ("complete", "cancelled")
        if complete and not self.future.done():
            self.future.set_result(_response(self.responses))
        return complete


class Wire(AMIProtocol):  # type: ignore[misc]  # panoramisk is untyped
    """The connection from greeting to loss.

    `greeted` is set when the peer has shown itself as Asterisk, `lost` when the connection is gone; its exception
    says why. `on_event` gets every event that is not part of an answer.
    """

    def __init__(self, on_event: Callable[[Fields], None]) -> None:
        loop = asyncio.get_running_loop()
        self.greeted: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        self._on_event = on_event
        self._buffer = bytearray()
        self._searched = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP is up; the greeting is still to come."""
        super().connection_made(transport)
        self.encoding = "utf-8"
        self.factory = self  # panoramisk hands events to its factory's `dispatch`

    def data_received(self, data: bytes) -> None:
        """Cut the stream into messages; only whole messages are decoded."""
        self._buffer += data
        if not self.greeted.done() and not self._greet():
            return
        while (end := self._buffer.find(END, self._searched)) >= 0:
            block = self._buffer[:end].decode("utf-8", "replace")
            del self._buffer[: end + len(END)]
            self._searched = 0
            self._take(block)
        self._searched = max(0, len(self._buffer) - len(END) + 1)
        if len(self._buffer) > LONGEST_MESSAGE:
            self.drop("the peer sent a message without an end")

    def _greet(self) -> bool:
        """Read the banner line. False while it is incomplete or wrong."""
        line, newline, rest = bytes(self._buffer).partition(b"\n")
        if not BANNER.startswith(line[: len(BANNER)]) or len(line) > LONGEST_LINE:
            self.drop("the peer does not greet like Asterisk's manager interface; is the port right?")
            return False
        if newline:
            self._buffer = bytearray(rest)
            self.greeted.set_result(None)
        return bool(newline)

    def _take(self, block: str) -> None:
        message = Message.from_line(block.strip())
        if message is not None and not self.lost.done():
            self.handle_message(message)

    def dispatch(self, message: Message) -> None:
        """Panoramisk found an event that answers none of our actions."""
        self._on_event(_fields(message))

    def ask(self, action: Action) -> asyncio.Future[Response]:
        """Send an action whose values were checked (see `compose`).

        Raises:
            Disconnected: the connection is gone.
        """
        if self.lost.done():
            raise Disconnected(str(self.lost.exception()))
        answer: asyncio.Future[Response] = self.send(action)
        return answer

    def forget(self, action: Action) -> None:
        """Nobody waits for this answer any more."""
        self.responses.pop(action.id, None)

    def connection_lost(self, exc: object) -> None:
        """The socket closed, or Asterisk announced its shutdown (panoramisk passes that event)."""
        said_so = isinstance(exc, Message)
        self.drop("Asterisk is shutting down" if said_so else f"connection lost ({exc or 'closed by Asterisk'})")

    def drop(self, why: str) -> None:
        """Give the connection up: every pending action fails, none is sent again."""
        if self.lost.done():
            return
        for future in (self.lost, self.greeted, *(action.future for action in self.responses.values())):
            if not future.done():
                future.set_exception(Disconnected(why))
                future.exception()  # read once here, so that a future nobody awaits is not reported
        self.responses.clear()
        self._buffer.clear()
        self.closed = True
        self.transport.abort()


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def compose(name: str, fields: Mapping[str, str | int | Sequence[str]]) -> Action:
    """Make an action, with every name and value checked.

    Raises:
        ValueError: a name is none; a value holds a control character (a CR/LF would begin a header of its own) or is
            too long; or an Originate is not `Async`, for which Asterisk would hold back the whole connection.
    """
    for key in (name, *fields):
        if not _NAME.fullmatch(key):
            raise ValueError(f"not a name of the manager interface: {key!r}")
    checked = {key: _checked(key, value) for key, value in fields.items()}
    lower = {key.lower(): value for key, value in checked.items()}
    if lower.keys() & {"action", "actionid", "commandid"}:
        raise ValueError("the action's name and id are set here")
    if name.lower() == "originate" and lower.get("async") != "true":
        raise ValueError("Originate needs Async='true': without it Asterisk answers nothing else while it rings")
    return Action({"Action": name, **checked})


def _checked(key: str, value: str | int | Sequence[str]) -> str | list[str]:
    if not isinstance(value, str | int):
        return [_line(key, item) for item in value]
    return _line(key, str(value))


def _line(key: str, value: str) -> str:
    if any(ord(character) < 0x20 or 0xD800 <= ord(character) <= 0xDFFF for character in value):
        raise ValueError(f"the value of {key} holds a control character")
    if len(key) + 2 + len(value.encode()) > LONGEST_LINE:
        raise ValueError(f"the value of {key} is longer than Asterisk reads")
    return value


def _fields(message: Message) -> Fields:
    return MappingProxyType(
        {
            key.lower(): tuple(value) if isinstance(value, list) else value
            for key, value in message.items()
            if isinstance(value, str | list) and key != "content"
        }
    )


def _response(messages: Sequence[Message]) -> Response:
    first, *rest = messages
    entries = tuple(_fields(entry) for entry in rest if not entry.eventlist)
    return Response(bool(first.success), str(first.message), _fields(first), entries)

"""SIP messages as text: reading, writing, and the headers that forwarded and withheld calls carry."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self

from tests.sipp.rtp import ALAW, EVENT

_SHORT = {
    "i": "call-id",
    "f": "from",
    "t": "to",
    "v": "via",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
}
_ADDRESS = re.compile(r"^c=IN IP4 (\S+)", re.MULTILINE)
_AUDIO = re.compile(r"^m=audio (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Message:
    """One request or response: its first line, header lines in order (`Name: value`), and body."""

    first: str
    lines: tuple[str, ...] = ()
    body: str = ""
    _values: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for line in self.lines:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            self._values.setdefault(_SHORT.get(name, name), []).append(value.strip())

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a datagram; bytes that are no UTF-8 stay visible as escapes.

        Raises:
            ValueError: it is no SIP message.
        """
        head, _, body = data.decode(errors="backslashreplace").partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        if not first.startswith("SIP/2.0 ") and not first.endswith(" SIP/2.0"):
            raise ValueError(f"not SIP: {first[:40]!r}")
        return cls(first, tuple(lines), body)

    def encode(self) -> bytes:
        """Write the datagram, Content-Length added; a lone surrogate stands for a byte that is no UTF-8."""
        body = self.body.encode()
        head = "\r\n".join((self.first, *self.lines, f"Content-Length: {len(body)}", "", ""))
        return head.encode(errors="surrogateescape") + body

    @property
    def status(self) -> int:
        """The status of a response, 0 for a request."""
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """The request's method; for a response, of the request that it answers."""
        return self["CSeq"].split()[-1] if self.status else self.first.split()[0]

    @property
    def number(self) -> int:
        """The CSeq number."""
        return int(self["CSeq"].split()[0])

    @property
    def branch(self) -> str:
        """The transaction: the branch of the topmost Via."""
        return parameter(self["Via"], "branch")

    @property
    def dialled(self) -> str:
        """The user part of the Request-URI: the number dialled."""
        return user(self.first.split()[1])

    def __getitem__(self, name: str) -> str:
        """Give the first value of a header, empty if there is none."""
        return self.all(name)[0] if self.all(name) else ""

    def all(self, name: str) -> list[str]:
        """Give every value of a header, in order."""
        return self._values.get(name.lower(), [])


def parameter(value: str, name: str) -> str:
    """Give a header's parameter (`tag`, `branch`), empty if there is none."""
    found = re.search(rf";\s*{name}=([^;,>\s]+)", value)
    return found[1] if found else ""


def uri(value: str) -> str:
    """Give the URI of a From, To or Contact header."""
    found = re.search(r"<([^>]*)>", value)
    return found[1] if found else value.split(";", maxsplit=1)[0].strip()


def user(address: str) -> str:
    """Give the user part of a URI or of a header that holds one."""
    found = re.search(r"sips?:([^@;>]*)@", address)
    return found[1] if found else ""


def party(who: str, host: str, port: int) -> str:
    """Make a From or To value of a number, or leave alone what is one already (hostile ones come that way)."""
    return who if "<" in who else f"<sip:{who}@{host}:{port}>"


def sdp(host: str, port: int) -> str:
    """Offer or answer A-law and key presses at an address."""
    return (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP {ALAW} {EVENT}\r\na=rtpmap:{ALAW} PCMA/8000\r\n"
        f"a=rtpmap:{EVENT} telephone-event/8000\r\na=fmtp:{EVENT} 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )


def media_address(body: str) -> tuple[str, int] | None:
    """Read from SDP where the far side wants its sound, None if it says nothing of it."""
    address, audio = _ADDRESS.search(body), _AUDIO.search(body)
    return (address[1], int(audio[1])) if address and audio else None


def diverted_from(number: str, reason: str = "unconditional", host: str = "carrier.invalid") -> str:
    """Say that a call was forwarded from a number (RFC 5806)."""
    return f"Diversion: <sip:{number}@{host}>;reason={reason};counter=1"


def history_info(number: str, to: str, host: str = "carrier.invalid") -> str:
    """Say the same the newer way (RFC 7044): first dialled `number`, then sent on to `to`."""
    return f"History-Info: <sip:{number}@{host}?Reason=SIP%3Bcause%3D302>;index=1,<sip:{to}@{host}>;index=1.1;mp=1"


ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'
"""The From of a caller who withholds the number (RFC 3323); `withheld` gives the headers that belong to it."""


def withheld(number: str, host: str = "carrier.invalid") -> tuple[str, str]:
    """Give the headers by which a carrier tells the number of a caller who withholds it (RFC 3325)."""
    return "Privacy: id", f"P-Asserted-Identity: <sip:{number}@{host}>"

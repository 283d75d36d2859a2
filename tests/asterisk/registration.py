"""A telephone that registers with Asterisk, and does nothing else."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import uuid
from pathlib import Path

HOST = "127.0.0.1"
PATIENCE = 5.0
_ANSWER = re.compile(r"^SIP/2\.0 [2-6].*?\r\n\r\n", re.MULTILINE | re.DOTALL)


class Registering:
    """The texts of a registration (RFC 3261), with digest authentication (RFC 7616 with MD5)."""

    def __init__(self, user: str, password: str, contact: str, via: str) -> None:
        self._user, self._password, self._contact, self._via = user, password, contact, via
        self._call_id, self._number = uuid.uuid4().hex, 0

    def request(self, expires: int, challenge: str = "") -> str:
        """REGISTER for so many seconds, in answer to Asterisk's `challenge` if there was one."""
        self._number += 1
        return (
            f"REGISTER sip:{HOST} SIP/2.0\r\n"
            f"Via: SIP/2.0/{self._via};branch=z9hG4bK{uuid.uuid4().hex};rport\r\n"
            f"From: <sip:{self._user}@{HOST}>;tag=1\r\nTo: <sip:{self._user}@{HOST}>\r\n"
            f"Call-ID: {self._call_id}\r\nCSeq: {self._number} REGISTER\r\nMax-Forwards: 70\r\n"
            f"Contact: <{self._contact}>\r\nExpires: {expires}\r\n"
            f"{self._authorization(challenge) if challenge else ''}Content-Length: 0\r\n\r\n"
        )

    def _authorization(self, challenge: str) -> str:
        values = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        uri = f"sip:{HOST}"
        secret = _md5(f"{self._user}:{values['realm']}:{self._password}")
        response = _md5(f"{secret}:{values['nonce']}:00000001:c:auth:{_md5(f'REGISTER:{uri}')}")
        given = {"username": self._user, "realm": values["realm"], "nonce": values["nonce"], "uri": uri}
        given |= {"response": response, "opaque": values["opaque"], "cnonce": "c"}
        quoted = ", ".join(f'{key}="{value}"' for key, value in given.items())
        return f"Authorization: Digest {quoted}, algorithm=MD5, qop=auth, nc=00000001\r\n"


class Registration:
    """A telephone on a socket of its own, blocking. `ca`: it speaks TLS and trusts this certificate."""

    def __init__(
        self, port: int, user: str, password: str, contact_user: str, *, transport: str = "UDP", ca: Path | None = None
    ) -> None:
        kind = socket.SOCK_DGRAM if transport == "UDP" else socket.SOCK_STREAM
        self._socket = socket.socket(socket.AF_INET, kind)
        self._socket.settimeout(PATIENCE)
        self._socket.bind((HOST, 0))
        self._socket.connect((HOST, port))
        if ca is not None:
            trust = ssl.create_default_context(cafile=str(ca))
            self._socket = trust.wrap_socket(self._socket, server_hostname="localhost")
        here = f"{HOST}:{self._socket.getsockname()[1]}"
        contact = f"sip:{contact_user}@{here};transport={transport.lower()}"
        self._texts = Registering(user, password, contact, f"{transport} {here}")

    def close(self) -> None:
        """Close the socket; the registration stays until it expires."""
        self._socket.close()

    def register(self, expires: int) -> str:
        """Register for so many seconds, 0 to end it; returns the status line."""
        answer = self._send(self._texts.request(expires))
        if " 401 " in answer.partition("\r\n")[0]:
            answer = self._send(self._texts.request(expires, answer))
        return answer.partition("\r\n")[0]

    def _send(self, request: str) -> str:
        """The answer to it. What Asterisk asks meanwhile (OPTIONS) stays without one."""
        self._socket.sendall(request.encode())
        heard = ""
        while (answer := _ANSWER.search(heard)) is None:
            heard += self._socket.recv(65536).decode()
        return answer[0]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

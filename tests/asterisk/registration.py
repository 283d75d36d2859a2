"""A telephone that registers with Asterisk, and does nothing else."""

from __future__ import annotations

import hashlib
import re
import socket
import uuid

HOST = "127.0.0.1"
PATIENCE = 5.0


class Registration:
    """REGISTER with digest authentication (RFC 3261, RFC 7616 with MD5), over UDP, blocking."""

    def __init__(self, server_port: int, user: str, password: str, contact_user: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.settimeout(PATIENCE)
        self._server = (HOST, server_port)
        self._user, self._password, self._contact_user = user, password, contact_user
        self._call_id, self._number = uuid.uuid4().hex, 0

    def close(self) -> None:
        """Close the socket; the registration stays until it expires."""
        self._socket.close()

    def register(self, expires: int) -> str:
        """Register for so many seconds, 0 to end it; returns the status line."""
        challenge = self._send(expires, "")
        values = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        return self._send(expires, self._authorization(values)).partition("\r\n")[0]

    def _authorization(self, challenge: dict[str, str]) -> str:
        uri = f"sip:{HOST}:{self._server[1]}"
        secret = _md5(f"{self._user}:{challenge['realm']}:{self._password}")
        response = _md5(f"{secret}:{challenge['nonce']}:00000001:c:auth:{_md5(f'REGISTER:{uri}')}")
        given = {"username": self._user, "realm": challenge["realm"], "nonce": challenge["nonce"], "uri": uri}
        given |= {"response": response, "opaque": challenge["opaque"], "cnonce": "c"}
        quoted = ", ".join(f'{key}="{value}"' for key, value in given.items())
        return f"Authorization: Digest {quoted}, algorithm=MD5, qop=auth, nc=00000001\r\n"

    def _send(self, expires: int, authorization: str) -> str:
        self._number += 1
        port = self._socket.getsockname()[1]
        self._socket.sendto(
            (
                f"REGISTER sip:{HOST}:{self._server[1]} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {HOST}:{port};branch=z9hG4bK{uuid.uuid4().hex};rport\r\n"
                f"From: <sip:{self._user}@{HOST}>;tag=1\r\nTo: <sip:{self._user}@{HOST}>\r\n"
                f"Call-ID: {self._call_id}\r\nCSeq: {self._number} REGISTER\r\nMax-Forwards: 70\r\n"
                f"Contact: <sip:{self._contact_user}@{HOST}:{port}>\r\nExpires: {expires}\r\n"
                f"{authorization}Content-Length: 0\r\n\r\n"
            ).encode(),
            self._server,
        )
        return self._socket.recv(65536).decode()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

"""What Asterisk's settings let in: the trunk's address and agents with a password, nobody else."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from vorzimmer.sandbox.sandbox import Sandbox

STRANGER = "127.0.0.2"  # any loopback address but the trunk's


@contextmanager
def _phone(address: str, sandbox: Sandbox) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((address, 0))
        phone.connect(("127.0.0.1", sandbox.sip_port))
        phone.settimeout(5)
        yield phone


def _ask(phone: socket.socket, method: str, to: str, user: str, extra: str = "") -> str:
    """One request; the first final answer to it."""
    address, port = phone.getsockname()
    branch = hashlib.sha256(f"{method}{to}{user}{extra}{port}".encode()).hexdigest()[:16]
    phone.send(
        (
            f"{method} sip:{to}@127.0.0.1 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {address}:{port};branch=z9hG4bK{branch}\r\n"
            f"From: <sip:{user}@127.0.0.1>;tag={branch}\r\n"
            f"To: <sip:{to}@127.0.0.1>\r\n"
            f"Call-ID: {branch}@{address}\r\n"
            f"CSeq: {2 if extra else 1} {method}\r\n"
            f"Contact: <sip:{user}@{address}:{port}>\r\n"
            f"Max-Forwards: 70\r\n{extra}Content-Length: 0\r\n\r\n"
        ).encode()
    )
    while True:
        answer = phone.recv(4096).decode()
        if not answer.startswith("SIP/2.0 1"):
            return answer


@pytest.mark.parametrize("method", ["INVITE", "REGISTER", "OPTIONS", "MESSAGE"])
@pytest.mark.parametrize("user", ["stranger", "trunk", "sandbox-caller", "softphone1", "100"])
def test_a_stranger_is_asked_for_a_password(sandbox: Sandbox, method: str, user: str) -> None:
    """From an unknown address nothing gets in, not even under the name of the trunk or of an agent."""
    with _phone(STRANGER, sandbox) as phone:
        assert _ask(phone, method, "4989123456", user).startswith("SIP/2.0 401 ")


def test_a_softphone_registers_with_its_password_only(sandbox: Sandbox) -> None:
    """Digest answers with the right password are taken (200), with a wrong one refused (401)."""
    with _phone(STRANGER, sandbox) as phone:
        for password, status in (("wrong", "401"), (sandbox.state.passwords["softphone1"], "200")):
            asked = _ask(phone, "REGISTER", "softphone1", "softphone1")
            digest = _digest(asked, "softphone1", password, "REGISTER", "sip:softphone1@127.0.0.1")
            assert _ask(phone, "REGISTER", "softphone1", "softphone1", digest).startswith(f"SIP/2.0 {status} ")


def test_the_trunks_address_is_the_trunk(sandbox: Sandbox) -> None:
    """A call from the carrier's address needs no password: an unknown extension is 404, not 401."""
    with _phone("127.0.0.1", sandbox) as phone:
        assert _ask(phone, "INVITE", "nowhere", "+493012345678").startswith("SIP/2.0 404 ")


def _digest(challenge: str, user: str, password: str, method: str, uri: str) -> str:
    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    first = _md5(f"{user}:{fields['realm']}:{password}")
    second = _md5(f"{method}:{uri}")
    answer = _md5(f"{first}:{fields['nonce']}:00000001:abcdef:auth:{second}")
    return (
        f'Authorization: Digest username="{user}", realm="{fields["realm"]}", nonce="{fields["nonce"]}", uri="{uri}", '
        f'response="{answer}", algorithm=MD5, qop=auth, nc=00000001, cnonce="abcdef", '
        f'opaque="{fields.get("opaque", "")}"\r\n'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

"""Passwords and second factors."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pyotp
import pytest

from vorzimmer.core.login import weakness
from vorzimmer.web import passwords
from vorzimmer.web.problems import Problem

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


async def test_a_password_fits_its_own_hash_only() -> None:
    """Argon2id with 64 MiB; the same password twice looks different; a broken hash lets nobody in."""
    kept = await passwords.hashed("richtig-lang")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not passwords.outdated(kept)
    assert await passwords.fits(kept, "richtig-lang")
    assert not await passwords.fits(kept, "richtig-lanG")
    assert not await passwords.fits("broken", "richtig-lang")


async def test_nobody_has_no_password_but_costs_one() -> None:
    """The hash for those who do not exist has today's parameters, and nothing fits it."""
    assert not passwords.outdated(passwords.NOBODYS)
    assert not await passwords.fits(None, "richtig-lang")
    assert not await passwords.fits(None, "")


async def test_two_are_looked_at_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many log in, two threads work, the event loop goes on, and too long a queue is refused."""
    present, most, gate, lock = 0, 0, threading.Event(), threading.Lock()

    def slow(_: str, __: str) -> bool:
        nonlocal present, most
        with lock:
            present += 1
            most = max(most, present)
        gate.wait(10)
        with lock:
            present -= 1
        return True

    monkeypatch.setattr(passwords, "_fits", slow)
    monkeypatch.setattr(passwords, "MOST_WAITING", 6)
    waiting = [asyncio.create_task(passwords.fits("x", "y")) for _ in range(6)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as refused:
        await passwords.fits("x", "y")
    assert (refused.value.status, refused.value.code) == (503, "busy")
    gate.set()
    assert await asyncio.gather(*waiting) == [True] * 6
    assert most <= 2


def test_made_passwords_are_good_ones() -> None:
    """What the machine makes passes its own rules and is never made twice."""
    made = {passwords.made() for _ in range(1000)}
    assert len(made) == 1000
    assert not [one for one in made if weakness(one, "anna", "Anna") is not None]


@pytest.mark.parametrize(
    ("seconds", "last", "fits"),
    [(0, None, True), (-30, None, True), (30, None, True), (-60, None, False), (60, None, False), (0, 0, False)],
)
def test_a_code_fits_half_a_minute_around(seconds: int, last: int | None, fits: bool) -> None:  # noqa: FBT001 - a table
    """Clocks may differ a little; `last` is the present step: then the code has been used."""
    step = int(AT.timestamp()) // 30
    code = pyotp.TOTP(SECRET).at(AT + timedelta(seconds=seconds))
    used = None if last is None else step + last
    assert (passwords.step_of(SECRET, code, AT, used) is not None) is fits


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "\0", "1" * 1000])
def test_what_is_no_code_fits_never(code: str) -> None:
    """Whatever is typed is an answer."""
    assert passwords.step_of(SECRET, code, AT, None) is None


def test_an_app_can_read_the_offer() -> None:
    """The address names house and user and holds the secret; the drawing is an SVG without anything active."""
    secret = passwords.new_secret()
    address = passwords.address_of(secret, "anna", "Büro & Söhne")
    read = pyotp.parse_uri(address)
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.name, read.issuer) == (secret, "anna", "Büro & Söhne")
    drawing = ET.fromstring(passwords.drawn(address))  # noqa: S314 - made here
    assert {one.tag.rpartition("}")[2] for one in drawing.iter()} <= {"svg", "path"}

"""Passwords and second factors: made, hashed with argon2id, compared."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

import pyotp
import segno
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from vorzimmer.core import login
from vorzimmer.web.problem import Problem

HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4, hash_len=32, salt_len=16)
"""RFC 9106's second choice: 64 MiB each."""

NOBODYS = f"$argon2id$v=19$m=65536,t=3,p=4${'A' * 22}${'A' * 43}"
"""A hash of no password, with HASHER's parameters: to refuse a user who does not exist takes as long as any other."""

AT_ONCE = 2
"""Hashes computed side by side: calls share the machine."""

MOST_WAITING = 200
"""Hashes that may wait for their turn; a tenth of a second each, so ten seconds."""

MADE_BYTES = 15
"""Twenty characters."""

_threads = ThreadPoolExecutor(AT_ONCE, "password")
_waiting = 0

T = TypeVar("T")


def made() -> str:
    """A new password."""
    return secrets.token_urlsafe(MADE_BYTES)


def hashed_here(password: str) -> str:
    """The hash under which a password is kept; takes a tenth of a second of the processor."""
    return HASHER.hash(login.written(password))


async def hashed(password: str) -> str:
    """The same, beside the event loop.

    Raises:
        Problem: 503 `busy`: the queue is full.
    """
    return await _beside(lambda: hashed_here(password))


async def fits(kept: str | None, password: str) -> bool:
    """Whether it is the password that is kept under this hash; None: there is no such user.

    Raises:
        Problem: 503 `busy`: the queue is full.
    """
    return await _beside(lambda: _fits(NOBODYS if kept is None else kept, password)) and kept is not None


def outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than those of today."""
    return HASHER.check_needs_rehash(kept)


def _fits(kept: str, password: str) -> bool:
    try:
        return HASHER.verify(kept, login.written(password))
    except (VerifyMismatchError, InvalidHashError):
        return False


async def _beside(work: Callable[[], T]) -> T:
    global _waiting  # noqa: PLW0603 - the machine is one, and so is the queue for it
    if _waiting >= MOST_WAITING:
        text = "too many people log in at this moment; try again"
        raise Problem(503, "busy", text, headers={"Retry-After": "5"})
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1


def new_secret() -> str:
    """Of a second factor: 160 bits in base 32."""
    return pyotp.random_base32()


def address_of(secret: str, user: str, house: str) -> str:
    """The `otpauth:` address that an authenticator app takes."""
    return pyotp.TOTP(secret).provisioning_uri(name=user, issuer_name=house)


def drawn(address: str) -> str:
    """The address as a QR code: an SVG that scales and has no colours of the page's."""
    return segno.make(address, error="m").svg_inline(omitsize=True, dark="#000", light="#fff", border=2)


def step_of(secret: str, code: str, at: datetime, last: int | None) -> int | None:
    """Which step's code this is, if it may be used now (`core.login.usable_steps`); else None."""
    typed = "".join(code.split()).encode()
    totp = pyotp.TOTP(secret)
    fitting = [
        step for step in login.usable_steps(at, last) if hmac.compare_digest(totp.generate_otp(step).encode(), typed)
    ]
    return fitting[0] if fitting else None

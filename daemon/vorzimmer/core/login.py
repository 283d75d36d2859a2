"""The rules of a login: how long a guesser waits, which passwords are good enough, which code of a telephone counts.

Nobody is ever locked out for good, and somebody who guesses holds up nobody but who shares the address. Three counts
of attempts that did not succeed see to that:

- of one user from one address (`PAIR`): a few are free, then each takes twice the pause of the one before;
- of one address, whoever it tries (`ADDRESS`): more are free, for a whole office may stand behind it;
- of one user from addresses unknown for that user (`STRANGERS`): of each address only those that `PAIR` gives free,
  so that it takes several addresses to reach it, and its pause is short. An address from which the user has logged in
  is not held up by it.

At the service number it is another matter: whose number a caller shows is no proof of anything, so a client's PIN is
counted for the client alone (`PIN`) and for the whole house (`PINS`), which may hold up the client itself for some
minutes. The codes of drafts are counted for the telephone, which only keeps honest people from trying (`DRAFT`), and
for the house (`DRAFTS`).

A count is forgotten when nothing was tried for an hour.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

FORGOTTEN = timedelta(hours=1)
"""Without an attempt, after which a count begins again."""

SHORTEST, LONGEST = 12, 256
"""Characters of a password."""

PIN_DIGITS = 6
"""Of a client's PIN; it is made, never chosen."""

STEP = 30
"""Seconds for which a code of the second factor is shown (RFC 6238)."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many attempts are free, and the longest pause after one."""

    free: int
    longest: timedelta


PAIR = Allowance(5, timedelta(minutes=15))
ADDRESS = Allowance(30, timedelta(minutes=15))
STRANGERS = Allowance(20, timedelta(seconds=30))
PIN = Allowance(5, timedelta(minutes=15))
PINS = Allowance(60, timedelta(seconds=30))
DRAFT = Allowance(9, timedelta(minutes=15))
DRAFTS = Allowance(60, timedelta(seconds=30))


@dataclass(frozen=True, slots=True)
class Attempts:
    """Those that did not succeed, and when the last one was."""

    count: int
    last: datetime


def pause_left(attempts: Attempts | None, allowance: Allowance, at: datetime) -> timedelta:
    """How long the next attempt has to wait at this instant; zero: not at all.

    The first attempt beyond the free ones waits a second after the last, and each one more twice as long.
    """
    if attempts is None or attempts.count < allowance.free or _forgotten(attempts, at):
        return timedelta(0)
    pause = min(timedelta(seconds=2 ** min(attempts.count - allowance.free, 30)), allowance.longest)
    return min(max(attempts.last + pause - at, timedelta(0)), pause)


def one_more(attempts: Attempts | None, at: datetime) -> Attempts:
    """The count with an attempt at this instant."""
    if attempts is None or _forgotten(attempts, at):
        return Attempts(1, at)
    return Attempts(attempts.count + 1, max(attempts.last, at))


def one_less(attempts: Attempts | None) -> Attempts | None:
    """The count without an attempt that turned out to be good."""
    if attempts is None or attempts.count <= 1:
        return None
    return Attempts(attempts.count - 1, attempts.last)


def _forgotten(attempts: Attempts, at: datetime) -> bool:
    return at - attempts.last >= FORGOTTEN


def neighbourhood(address: str) -> str:
    """What counts as one address: of IPv6 the network of 64 bits, for a house has one of its own to choose from."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((found, 64), strict=False))


def written(password: str) -> str:
    """A password as it is hashed: however a keyboard composed its letters (NFKC), it is the same one."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, *own: str) -> str | None:
    """Why this must not be a password, in a sentence; None: it may. `own`: the user's id and name, never good ones."""
    length = len(written(password))
    if length < SHORTEST:
        return f"a password has at least {SHORTEST} characters"
    if length > LONGEST:
        return f"a password has at most {LONGEST} characters"
    if _plain(password) in {_plain(one) for one in own}:
        return "a password is not the name of who has it"
    return None


def _plain(text: str) -> str:
    return "".join(written(text).casefold().split())


def usable_steps(at: datetime, last: int | None) -> tuple[int, ...]:
    """The steps since 1970 whose codes are taken at this instant: the present one and its neighbours (clocks differ).

    `last`: the step of the last code taken. It and all before it are no good any more: who saw a code being typed
    cannot use it again (RFC 6238, 5.2).
    """
    now = int(at.timestamp()) // STEP
    return tuple(step for step in (now - 1, now, now + 1) if last is None or step > last)

"""Who is at the pages, in memory: requests of known sessions are answered while the database is away.

The database has the last word. What is in memory is compared with it every few seconds: a session that was ended there,
by another process too, is over here; what changed of its user is changed here. A browser or a program that is not
known here is looked up once. Both are known by the SHA-256 of what they hold.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import structlog

from vorzimmer.core.ports import Clock
from vorzimmer.core.role import Role
from vorzimmer.store import outage, tokens
from vorzimmer.store import sessions as stored
from vorzimmer.store.users import Identity, User
from vorzimmer.web.database import Database
from vorzimmer.web.problems import Problem

log = structlog.get_logger()

LONGEST = timedelta(hours=12)
"""From the login to the next one: longer than any shift."""

IDLE = timedelta(hours=4)
"""Without a request or an open stream of events."""

EVERY = 5.0
"""Seconds between two comparisons with the database."""

NOTED = timedelta(minutes=1)
"""How exactly the last use is noted in the database."""

CLEARED = timedelta(minutes=10)
"""How often rows of sessions that are over are deleted."""

TOKEN = re.compile(r"vz_[A-Za-z0-9_-]{43}")
"""A program's; the beginning tells people and scanners what it is."""

_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(slots=True, eq=False)
class Session:
    """Somebody's presence. `until`: it ends at the latest; `program`: it comes with a token and does not get idle.

    `noted`: the last use as the database has it. `admin`: who is really there, in the place of `identity`; `turns`: how
    often that has changed here.
    """

    digest: bytes
    identity: Identity
    until: datetime | None
    used: datetime
    noted: datetime | None
    program: bool = False
    admin: Identity | None = None
    turns: int = 0

    def act_as(self, own: Identity, other: Identity | None) -> None:
        """It is its own user's, or in the place of another."""
        self.identity, self.admin = (own, None) if other is None else (other, own)

    def over(self, at: datetime) -> bool:
        """Whether its time has run out."""
        if self.until is not None and at >= self.until:
            return True
        return not self.program and at - self.used >= IDLE


def csrf(cookie: str) -> str:
    """What a page has to show beside its cookie: whoever cannot read our answers cannot know it."""
    return hmac.digest(cookie.encode(), b"csrf", "sha256").hex()


def digest_of(secret: str) -> bytes:
    """Under which a cookie or a token is kept."""
    return hashlib.sha256(secret.encode()).digest()


def new_token() -> str:
    """For a program."""
    return f"vz_{secrets.token_urlsafe(32)}"


class Sessions:
    """All sessions that came by. `totp_for`: roles that must have a second factor."""

    def __init__(self, database: Database, clock: Clock, totp_for: frozenset[Role]) -> None:
        self._database = database
        self._clock = clock
        self._totp_for = totp_for
        self._known: dict[bytes, Session] = {}
        self._ended: set[bytes] = set()
        self._cleared: datetime | None = None

    def must_enrol(self, identity: Identity) -> bool:
        """Whether this user has to set up a second factor before anything else."""
        return identity.role in self._totp_for and not identity.totp

    def held_up(self, session: Session) -> bool:
        """Whether whoever is there has to do so; an admin in another's place has."""
        return session.admin is None and self.must_enrol(session.identity)

    async def begin(self, conn: asyncpg.Connection, user: User, address: str) -> str | None:
        """A new session; what the browser is to hold, never what it held before. Not inside a transaction.

        None: the user was disabled, or got another password, since it was read.
        """
        cookie, at = secrets.token_urlsafe(32), self._clock()
        digest = digest_of(cookie)
        if not await stored.add(conn, digest, user, address, at):
            return None
        self._known[digest] = Session(digest, user.identity, at + LONGEST, at, at)
        return cookie

    async def of_cookie(self, cookie: str) -> Session | None:
        """The session of a browser, which has been used hereby; None: it has none, or it is over.

        Raises:
            Problem: 503, it is not known here and the database is away.
        """
        if not _COOKIE.fullmatch(cookie):
            return None
        digest = digest_of(cookie)
        if digest not in self._known and digest not in self._ended:
            async with self._database.connection() as conn:
                found = (await stored.find(conn, [digest])).get(digest)
            if found is not None and digest not in self._ended:
                until = found.created_at + LONGEST
                session = Session(digest, found.identity, until, found.used_at, found.used_at)
                session.act_as(found.identity, found.acting_as)
                self._remember(session)
        return self._used(digest)

    async def of_token(self, token: str) -> Session | None:
        """The session of a program, which has been used hereby; None: there is no such token, or it is over.

        Raises:
            Problem: 503, it is not known here and the database is away.
        """
        if not TOKEN.fullmatch(token):
            return None
        digest = digest_of(token)
        if digest not in self._known:
            async with self._database.connection() as conn:
                found = (await tokens.find(conn, [digest])).get(digest)
            if found is not None:
                used = found.used_at
                self._remember(Session(digest, found.identity, found.expires_at, self._clock(), used, program=True))
        return self._used(digest)

    def goes_on(self, session: Session) -> bool:
        """Whether it is not over; if so, it has been used hereby. For what stays open: a stream of events."""
        return self._used(session.digest) is session

    async def end(self, cookie: str) -> Session | None:
        """Log out; the session it was, if it is known. It is over even if the database hears of it later."""
        digest = digest_of(cookie)
        self._ended.add(digest)
        session = self._known.pop(digest, None)
        try:
            async with self._database.connection() as conn:
                await self._tell_ended(conn)
        except Problem as problem:
            log.warning("sessions.end_not_stored", why=problem.text)
        return session

    async def act(self, conn: asyncpg.Connection, session: Session, other: Identity | None) -> bool:
        """The session, an admin's, is in this user's place from now on; None: in its own again. False: it is over."""
        if not await stored.act(conn, session.digest, None if other is None else other.user):
            return False
        session.turns += 1
        session.act_as(session.admin or session.identity, other)
        return True

    def forget_sessions(self, user: str) -> None:
        """The user's sessions were ended in the database; programs go on."""
        self._forget(one.digest for one in self._of(user) if not one.program)

    def forget_user(self, user: str) -> None:
        """Sessions and tokens of the user were ended in the database."""
        self._forget(one.digest for one in self._of(user))

    def forget_token(self, digest: bytes) -> None:
        """The token was deleted in the database."""
        self._forget([digest])

    def changed(self, identity: Identity) -> None:
        """The user was changed in the database."""
        for session in self._of(identity.user):
            if session.admin is not None and session.admin.user == identity.user:
                session.admin = identity
            else:
                session.identity = identity

    async def keep(self) -> None:
        """Compare with the database now and again, until cancelled."""
        while True:
            try:
                await self.compare()
            except Problem:
                pass  # away: what is known goes on
            except Exception as error:  # noqa: BLE001 - a dying connection raises nearly anything; the next round may do
                log.warning("sessions.not_compared", why=outage.why(error))
            await asyncio.sleep(EVERY)

    async def compare(self) -> None:
        """Tell the database what was used and ended; forget what is over there, and learn what changed of the rest.

        Raises:
            Problem: 503, the database is away; nothing is forgotten but what has run out.
        """
        at = self._clock()
        self._forget(one.digest for one in list(self._known.values()) if one.over(at))
        known = dict(self._known)
        turns = {digest: one.turns for digest, one in known.items()}
        async with self._database.connection() as conn:
            await self._tell_ended(conn)
            await self._tell_used(conn)
            pages = await stored.find(conn, [digest for digest, one in known.items() if not one.program])
            programs = await tokens.find(conn, [digest for digest, one in known.items() if one.program])
            if self._cleared is None or at - self._cleared >= CLEARED:
                await stored.remove_old(conn, at - LONGEST, at - IDLE)
                self._cleared = at
        for digest, session in known.items():
            row = pages.get(digest) or programs.get(digest)
            if row is None:
                self._forget([digest])
            elif session.turns == turns[digest]:  # else the database was asked before it turned
                session.act_as(row.identity, row.acting_as if isinstance(row, stored.Session) else None)

    async def _tell_ended(self, conn: asyncpg.Connection) -> None:
        ended = frozenset(self._ended)
        if ended:
            await stored.remove(conn, ended)
            self._ended -= ended

    async def _tell_used(self, conn: asyncpg.Connection) -> None:
        news = [one for one in self._known.values() if one.noted is None or one.used - one.noted >= NOTED]
        used = {one.digest: one.used for one in news}
        if used:
            await stored.touch(conn, {one.digest: one.used for one in news if not one.program})
            await tokens.touch(conn, {one.digest: one.used for one in news if one.program})
        for one in news:
            one.noted = used[one.digest]

    def _remember(self, session: Session) -> None:
        """Two requests may have looked it up at once: the first stays."""
        self._known.setdefault(session.digest, session)

    def _used(self, digest: bytes) -> Session | None:
        at, session = self._clock(), self._known.get(digest)
        if session is None or session.over(at):
            return None
        session.used = max(session.used, at)
        return session

    def _of(self, user: str) -> list[Session]:
        return [
            one for one in self._known.values() if user in (one.identity.user, one.admin.user if one.admin else None)
        ]

    def _forget(self, digests: Iterable[bytes]) -> None:
        for digest in digests:
            self._known.pop(digest, None)

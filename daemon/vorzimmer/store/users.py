"""Who may use the pages. Whatever changes what somebody may do ends that user's sessions in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from vorzimmer.core.role import Role
from vorzimmer.store import phones

_COLUMNS = """
id, name, role, agent_id, client_id, language, password, password_at, totp_secret, totp_offered, totp_step,
disabled_at, created_at, email
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as the pages need it. `totp`: has a second factor."""

    user: str
    name: str
    role: Role
    agent: str | None
    client: str | None
    language: str
    totp: bool


@dataclass(frozen=True, slots=True)
class User:
    """A row. `password`: its argon2 hash; `totp_offered`: a secret not confirmed yet; `totp_step`: of the last code."""

    identity: Identity
    password: str = field(repr=False)
    password_at: datetime
    totp_secret: str | None = field(repr=False)
    totp_offered: str | None = field(repr=False)
    totp_step: int | None
    disabled_at: datetime | None
    created_at: datetime
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What an admin says of a user. `email`: where its invitation goes."""

    user: str
    name: str
    role: Role
    agent: str | None = None
    client: str | None = None
    language: str = "de"
    disabled: bool = False
    email: str | None = None


class UserTaken(Exception):
    """There is a user of this id."""


class UnknownOwner(Exception):
    """There is no such agent or client."""


async def load(conn: asyncpg.Connection) -> tuple[User, ...]:
    """All users, by id."""
    return tuple(_user(row) for row in await conn.fetch(f"SELECT {_COLUMNS} FROM web_user ORDER BY id"))  # noqa: S608 - our columns


async def of_client(conn: asyncpg.Connection, client: str) -> tuple[User, ...]:
    """The users who belong to this client, by id."""
    query = f"SELECT {_COLUMNS} FROM web_user WHERE client_id = $1 ORDER BY id"  # noqa: S608 - our columns
    return tuple(_user(row) for row in await conn.fetch(query, client))


async def find(conn: asyncpg.Connection, user: str, *, to_change: bool = False) -> User | None:
    """This user, disabled or not. `to_change`: nobody else changes it until the transaction ends."""
    query = f"SELECT {_COLUMNS} FROM web_user WHERE id = $1{' FOR UPDATE' if to_change else ''}"  # noqa: S608 - our columns
    row = await conn.fetchrow(query, user)
    return None if row is None else _user(row)


async def add(conn: asyncpg.Connection, account: Account, password: str) -> None:
    """A new user. `password`: its hash.

    Raises:
        UserTaken: there is one of this id.
        UnknownOwner: there is no such agent or client.
    """
    try:
        await conn.execute(
            "INSERT INTO web_user (id, name, role, agent_id, client_id, language, password, email)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            account.user,
            account.name,
            account.role.value,
            account.agent,
            account.client,
            account.language,
            password,
            account.email,
        )
    except asyncpg.UniqueViolationError:
        raise UserTaken(account.user) from None
    except asyncpg.ForeignKeyViolationError:
        raise UnknownOwner(account.agent or account.client) from None


async def change(conn: asyncpg.Connection, before: User, account: Account, at: datetime) -> bool:
    """The user is as `account` says from now on. True: the user's sessions are over, for what it may do has changed.

    Who is not this agent any more, or is disabled, leaves telephones without a password: it outlives every session.

    Args:
        conn: in the transaction in which `before` was read with `to_change`.
        before: as it was.
        account: as it shall be; of the same id.
        at: now.

    Raises:
        UnknownOwner: there is no such agent or client; the transaction cannot go on.
    """
    was = before.identity
    try:
        await conn.execute(
            "UPDATE web_user SET name = $2, role = $3, agent_id = $4, client_id = $5, language = $6,"
            " disabled_at = CASE WHEN $7 THEN coalesce(disabled_at, $8) END, email = $9 WHERE id = $1",
            was.user,
            account.name,
            account.role.value,
            account.agent,
            account.client,
            account.language,
            account.disabled,
            at,
            account.email,
        )
    except asyncpg.ForeignKeyViolationError:
        raise UnknownOwner(account.agent or account.client) from None
    ends = account.disabled or (account.role, account.agent, account.client) != (was.role, was.agent, was.client)
    if ends:
        await end_sessions(conn, was.user)
    goes = account.disabled and before.disabled_at is None
    if was.agent is not None and (goes or account.agent != was.agent):
        await phones.void(conn, was.agent)
    return ends


async def remove(conn: asyncpg.Connection, user: str) -> bool:
    """Delete a user, with its sessions, tokens and links; what it wrote stays. False: there is none."""
    return bool(await conn.execute("DELETE FROM web_user WHERE id = $1", user) == "DELETE 1")


async def set_language(conn: asyncpg.Connection, user: str, language: str) -> None:
    """The language that this user reads."""
    await conn.execute("UPDATE web_user SET language = $2 WHERE id = $1", user, language)


async def set_password(conn: asyncpg.Connection, user: str, password: str) -> bool:
    """Give a user a new password by its hash and end the sessions; False: there is no such user."""
    async with conn.transaction():
        done = await conn.execute(
            "UPDATE web_user SET password = $2, password_at = now() WHERE id = $1", user, password
        )
        await end_sessions(conn, user)
    return bool(done == "UPDATE 1")


async def rehash(conn: asyncpg.Connection, user: str, old: str, new: str) -> None:
    """The same password under another hash, unless it has been changed meanwhile."""
    await conn.execute("UPDATE web_user SET password = $3 WHERE id = $1 AND password = $2", user, old, new)


async def offer_totp(conn: asyncpg.Connection, user: str, secret: str) -> bool:
    """Keep a secret until it is confirmed; the one before is void. False: the user has a second factor already."""
    done = await conn.execute(
        "UPDATE web_user SET totp_offered = $2 WHERE id = $1 AND totp_secret IS NULL", user, secret
    )
    return bool(done == "UPDATE 1")


async def confirm_totp(conn: asyncpg.Connection, user: str, secret: str, step: int) -> bool:
    """The offered secret counts from now on, and its code of `step` is used. False: another one is offered by now.

    All sessions end: one begun by somebody who only knew the password shall not gain what the second factor opens.
    """
    async with conn.transaction():
        done = await conn.execute(
            "UPDATE web_user SET totp_secret = totp_offered, totp_offered = NULL, totp_step = $3"
            " WHERE id = $1 AND totp_offered = $2 AND totp_secret IS NULL",
            user,
            secret,
            step,
        )
        if confirmed := bool(done == "UPDATE 1"):
            await end_sessions(conn, user)
    return confirmed


async def use_step(conn: asyncpg.Connection, user: str, step: int) -> bool:
    """Note that a code was used. False: it or a later one had been: two logins at once do not share a code."""
    done = await conn.execute(
        "UPDATE web_user SET totp_step = $2 WHERE id = $1 AND (totp_step IS NULL OR totp_step < $2)", user, step
    )
    return bool(done == "UPDATE 1")


async def reset_totp(conn: asyncpg.Connection, user: str) -> bool:
    """Take the second factor away and end the sessions; False: there is no such user."""
    async with conn.transaction():
        done = await conn.execute(
            "UPDATE web_user SET totp_secret = NULL, totp_offered = NULL, totp_step = NULL WHERE id = $1", user
        )
        await end_sessions(conn, user)
    return bool(done == "UPDATE 1")


async def end_sessions(conn: asyncpg.Connection, user: str) -> None:
    """Log the user out everywhere. Tokens for programs stay."""
    await conn.execute("DELETE FROM web_session WHERE user_id = $1", user)


def account_of(user: User) -> Account:
    """The user as it is, to be changed."""
    one, disabled = user.identity, user.disabled_at is not None
    return Account(one.user, one.name, one.role, one.agent, one.client, one.language, disabled, user.email)


def identity(row: Any) -> Identity:
    """Of a row of `web_user`."""
    return Identity(
        row["id"],
        row["name"],
        Role(row["role"]),
        row["agent_id"],
        row["client_id"],
        row["language"],
        row["totp_secret"] is not None,
    )


def _user(row: Any) -> User:
    return User(
        identity(row),
        row["password"],
        row["password_at"],
        row["totp_secret"],
        row["totp_offered"],
        row["totp_step"],
        row["disabled_at"],
        row["created_at"],
        row["email"],
    )

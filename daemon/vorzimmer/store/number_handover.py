"""Numbers that clients get and give back: the client's DIDs and the stock change in one transaction.

The book is changed first, for whoever changes it holds all of it (`store.book`); the stock's rows come second, here as
there, so that two who do so at the same moment wait for one another and never crosswise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import asyncpg

from vorzimmer.core.client import Client, Did
from vorzimmer.core.number_stock import NotPossible, State, Stocked, at_time, require
from vorzimmer.store import book, client_change, number_stock
from vorzimmer.store.audit import Actor
from vorzimmer.store.number_stock import hold, put


async def assign(conn: asyncpg.Connection, number: str, client: str, at: datetime, *, actor: Actor) -> Stocked:
    """Let a number be one of the client's DIDs.

    Raises:
        number_stock.NotInStock, NotPossible: it cannot be had, or the client has it already; nothing was changed.
        client_change.NoSuchClient: nothing was changed.
    """

    def with_it(before: Client) -> Client:
        if any(did.number == number for did in before.dids):
            raise NotPossible(f"client {client!r} has {number} already")
        return before.model_copy(update={"dids": (*before.dids, Did(number=number))})

    async with conn.transaction():
        if await number_stock.look_up(conn, number, at) is None:
            raise number_stock.NotInStock(number)
        try:
            await client_change.change(conn, client, with_it, actor=actor, what="number.assign")
        except book.BookConflict as conflict:
            raise NotPossible("; ".join(conflict.lines)) from None
        return await hold(conn, number)


async def release(
    conn: asyncpg.Connection,
    number: str,
    at: datetime,
    *,
    actor: Actor,
    client: str | None = None,
    at_once: bool = False,
) -> Stocked:
    """Take a number back: a reserved one is free, a client's rests. `at_once`: it is free even if it should rest.

    `client`: from whom, needed only where several share it.

    Raises:
        number_stock.NotInStock, NotPossible: nothing was changed.
    """
    async with conn.transaction():
        if await _take_away(conn, number, at, client, actor):
            left = await hold(conn, number)
            if left.state is State.WITH_CLIENT or not at_once:
                return left
        before = await hold(conn, number)
        if at_time(before, at).state is State.COOLING and not at_once:
            raise NotPossible(f"{number} rests until {before.until:%Y-%m-%d}; release it at once to end that")
        require(before, State.FREE, at)
        after = replace(before, state=State.FREE, client_id=None, order="", since=at, until=None)
        await put(conn, before, after, "number.release", actor=actor)
    return after


async def port_out(
    conn: asyncpg.Connection, number: str, at: datetime, *, actor: Actor, client: str | None = None
) -> Stocked:
    """A number leaves for another house, and the client who has it. It stays in the stock, to be known there.

    `client`: who has it; checked if given.

    Raises:
        number_stock.NotInStock, NotPossible: nothing was changed.
    """
    async with conn.transaction():
        await _take_away(conn, number, at, client, actor)
        before = await hold(conn, number)
        require(before, State.PORTED, at)
        after = replace(before, state=State.PORTED, order="", since=at, until=None)
        await put(conn, before, after, "number.port", actor=actor)
    return after


async def port_in(
    conn: asyncpg.Connection,
    new: Stocked,
    at: datetime,
    *,
    actor: Actor,
    client: str | None = None,
    until: datetime | None = None,
) -> Stocked:
    """A number comes from another house, or comes back. `client`: who brings it, and for whom it is kept (`until`).

    Raises:
        NotPossible: it is here already; nothing was changed.
    """
    async with conn.transaction():
        if await number_stock.look_up(conn, new.number, at) is None:
            await number_stock.add(conn, [new], actor=actor)
        else:
            before = await hold(conn, new.number)
            if before.state is not State.PORTED:
                raise NotPossible(f"{new.number} is in the stock already, and not ported to another house")
            after = replace(before, state=State.FREE, client_id=None, since=at, until=None)
            await put(conn, before, after, "number.port", actor=actor)
        if client is not None:
            await number_stock.reserve(conn, new.number, client, at, actor=actor, until=until)
        return await hold(conn, new.number)


async def _take_away(conn: asyncpg.Connection, number: str, at: datetime, client: str | None, actor: Actor) -> bool:
    """Let the client who has it have it no longer; False: nobody has."""
    found = await number_stock.look_up(conn, number, at)
    if found is None:
        raise number_stock.NotInStock(number)
    if client is not None and client not in found.clients:
        raise NotPossible(f"client {client!r} does not have {number}")
    if not found.clients:
        return False
    if client is None and len(found.clients) > 1:
        raise NotPossible(f"{number} is shared by {', '.join(map(repr, found.clients))}; say from whom to take it")
    holder = client or found.clients[0]
    await client_change.change(conn, holder, _without(number), actor=actor, what="number.release")
    return True


def _without(number: str) -> Callable[[Client], Client]:
    def changed(before: Client) -> Client:
        kept = tuple(did for did in before.dids if did.number != number)
        if not kept:
            raise NotPossible(f"{number} is the only number of client {before.id!r}; give it another one first")
        if own := [one.number for one in before.own_numbers if one.did == number]:
            raise NotPossible(f"client {before.id!r} forwards {', '.join(own)} to {number}; change that first")
        return before.model_copy(update={"dids": kept})

    return changed

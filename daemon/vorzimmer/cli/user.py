"""`vorzimmer user`: who may use the pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import asyncpg
import typer
from pydantic import ValidationError
from rich.table import Table

from vorzimmer.cli import context
from vorzimmer.cli.control import actor
from vorzimmer.cli.show import console, plain, print_json
from vorzimmer.cli.user_invite import invite
from vorzimmer.core.role import Role, misfit
from vorzimmer.settings import Settings
from vorzimmer.store import audit, tokens, users
from vorzimmer.store.audit import Actor
from vorzimmer.store.users import Account, User
from vorzimmer.web import passwords
from vorzimmer.web.routes.me import TokenWanted
from vorzimmer.web.routes.users import UserWanted
from vorzimmer.web.sessions import digest_of, new_token

app = typer.Typer(help="Who may use the pages.", no_args_is_help=True)
app.command("invite")(invite)

UserId = Annotated[str, typer.Argument(metavar="ID", help="The user's id, as `user list` shows it.")]
OfAgent = Annotated[str | None, typer.Option("--agent", metavar="ID", help="The agent that the user is.")]
OfClient = Annotated[str | None, typer.Option("--client", metavar="ID", help="The client that the user belongs to.")]

Change = Callable[[Account], Account]


@app.command("list")
def list_users(
    ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False
) -> None:
    """List all users."""
    settings = context.settings(ctx)
    found = context.run(_load(settings))
    if json:
        for user in found:
            print_json(_plain(user))
    elif found:
        console().print(_table(found, ZoneInfo(settings.house.timezone)))
    else:
        typer.echo("no users; vorzimmer user add ID --name NAME --role admin makes the first")


@app.command()
def add(
    ctx: typer.Context,
    user_id: Annotated[str, typer.Argument(metavar="ID", help="What is typed to log in: letters, digits, hyphens.")],
    name: Annotated[str, typer.Option("--name", help="For people.")],
    role: Annotated[Role, typer.Option("--role", help="What the user is to the house.")],
    agent: OfAgent = None,
    client: OfClient = None,
    language: Annotated[str, typer.Option("--language", help="Of the pages: de or en.")] = "de",
) -> None:
    """Add a user and print the password: this once, for it is not kept."""
    settings = context.settings(ctx)
    given = {"id": user_id, "name": name, "role": role, "agent": agent, "client": client, "language": language}
    try:
        wanted = UserWanted.model_validate(given)
    except ValidationError as error:
        context.fail(*_sentences(error), code=context.USAGE)
    _require_fit(role, agent, client)
    account = Account(wanted.id, wanted.name, role, agent, client, wanted.language)
    password = passwords.made()
    context.run(_add(settings, account, passwords.hashed_here(password)))
    typer.echo(password)


@app.command("password")
def new_password(ctx: typer.Context, user_id: UserId) -> None:
    """Make a new password and print it: this once. The user is logged out, and has no tokens any more."""
    settings = context.settings(ctx)
    password = passwords.made()
    _require_user(context.run(_set_password(settings, user_id, passwords.hashed_here(password))), user_id)
    typer.echo(password)


@app.command("role")
def new_role(
    ctx: typer.Context,
    user_id: UserId,
    role: Annotated[Role, typer.Argument(metavar="ROLE", help="admin, supervisor, agent or client.")],
    agent: OfAgent = None,
    client: OfClient = None,
) -> None:
    """Give a user another role, and the agent or client that goes with it. The user is logged out."""
    _require_fit(role, agent, client)
    _change(ctx, user_id, lambda was: replace(was, role=role, agent=agent, client=client))


@app.command()
def disable(ctx: typer.Context, user_id: UserId) -> None:
    """Let a user in no more; the user is logged out within seconds, its telephones have no password any more."""

    def out(was: Account) -> Account:
        if was.agent is not None:
            typer.echo(f"Asterisk still takes agent {was.agent}'s telephones: run `vorzimmer phone apply`", err=True)
        return replace(was, disabled=True)

    _change(ctx, user_id, out)


@app.command()
def enable(ctx: typer.Context, user_id: UserId) -> None:
    """Let a disabled user in again, with the same password and tokens; telephones need a new password."""
    _change(ctx, user_id, lambda was: replace(was, disabled=False))


@app.command("reset-totp")
def reset_totp(ctx: typer.Context, user_id: UserId) -> None:
    """Take the second factor away, for a telephone that was lost. The user is logged out."""
    settings = context.settings(ctx)
    _require_user(context.run(_reset_totp(settings, user_id)), user_id)


@app.command()
def token(
    ctx: typer.Context,
    user_id: UserId,
    name: Annotated[str, typer.Option("--name", help="What the token is for.")],
    days: Annotated[int | None, typer.Option("--days", help="It is void after so many; else never.")] = None,
) -> None:
    """Make a token, with which a program may do what the user may, and print it: this once."""
    settings = context.settings(ctx)
    try:
        wanted = TokenWanted(name=name, days=days)
    except ValidationError as error:
        context.fail(*_sentences(error), code=context.USAGE)
    made = new_token()
    try:
        context.run(_add_token(settings, user_id, wanted, made))
    except KeyError:
        _require_user(False, user_id)
    except tokens.TooMany:
        context.fail(f"user {user_id} has {tokens.MOST} tokens already; delete one on the page first")
    typer.echo(made)


def _change(ctx: typer.Context, user_id: str, change: Change) -> None:
    _require_user(context.run(_changed(context.settings(ctx), user_id, change)), user_id)


async def _load(settings: Settings) -> Sequence[User]:
    async with context.database(settings) as conn:
        return await users.load(conn)


async def _add(settings: Settings, account: Account, password: str) -> None:
    async with context.database(settings) as conn, conn.transaction():
        try:
            await users.add(conn, account, password)
            await _note(conn, "user.add", account)
        except users.UserTaken:
            context.fail(f"there is a user {account.user!r} already")
        except users.UnknownOwner as error:
            _no_owner(account.role, error)


async def _changed(settings: Settings, user_id: str, change: Change) -> bool:
    async with context.database(settings) as conn, conn.transaction():
        before = await users.find(conn, user_id, to_change=True)
        if before is None:
            return False
        account = change(users.account_of(before))
        try:
            await users.change(conn, before, account, datetime.now(UTC))
        except users.UnknownOwner as error:
            _no_owner(account.role, error)
        await _note(conn, "user.change", account, users.account_of(before))
        return True


async def _note(conn: asyncpg.Connection, what: str, now: Account, was: Account | None = None) -> None:
    """Write down what is different."""
    before, after = audit.differing({} if was is None else asdict(was), asdict(now))
    if after:
        kept, client = (None if was is None else before), now.client or (was.client if was is not None else None)
        await audit.note(conn, Actor(actor()), what, client=client, about=now.user, before=kept, after=after)


async def _set_password(settings: Settings, user_id: str, password: str) -> bool:
    async with context.database(settings) as conn, conn.transaction():
        await tokens.remove_all(conn, user_id)
        if (found := await users.find(conn, user_id)) is not None:
            await audit.note(conn, Actor(actor()), "user.password", client=found.identity.client, about=user_id)
        return await users.set_password(conn, user_id, password)


async def _reset_totp(settings: Settings, user_id: str) -> bool:
    async with context.database(settings) as conn, conn.transaction():
        if (found := await users.find(conn, user_id)) is not None:
            await audit.note(conn, Actor(actor()), "user.reset_totp", client=found.identity.client, about=user_id)
        return await users.reset_totp(conn, user_id)


async def _add_token(settings: Settings, user_id: str, wanted: TokenWanted, made: str) -> None:
    at = datetime.now(UTC)
    expires_at = None if wanted.days is None else at + timedelta(days=wanted.days)
    async with context.database(settings) as conn:
        await tokens.add(conn, digest_of(made), user_id, wanted.name, at, expires_at)


def _require_user(there: bool, user_id: str) -> None:
    if not there:
        context.fail(f"no user {user_id!r}; `vorzimmer user list` names all")


def _require_fit(role: Role, agent: str | None, client: str | None) -> None:
    if (why := misfit(role, agent, client)) is not None:
        context.fail(f"{why}: --agent and --client say which", code=context.USAGE)


def _no_owner(role: Role, error: users.UnknownOwner) -> None:
    context.fail(f"there is no {'client' if role is Role.CLIENT else 'agent'} {str(error)!r}")


def _sentences(error: ValidationError) -> list[str]:
    return [f"--{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False)]


def _plain(user: User) -> dict[str, object]:
    one = user.identity
    return {
        "id": one.user,
        "name": one.name,
        "role": one.role.value,
        "agent": one.agent,
        "client": one.client,
        "language": one.language,
        "totp": one.totp,
        "disabled": user.disabled_at is not None,
        "password_at": user.password_at,
        "email": user.email,
    }


def _table(found: Sequence[User], zone: ZoneInfo) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("id", "name", "role", "agent or client", "second factor", "password of", "state"):
        table.add_column(name)
    for user in found:
        one = user.identity
        table.add_row(
            one.user,
            plain(one.name),
            one.role.value,
            one.agent or one.client or "-",
            "yes" if one.totp else "no",
            f"{user.password_at.astimezone(zone):%Y-%m-%d %H:%M}",
            "disabled" if user.disabled_at is not None else "may log in",
        )
    return table

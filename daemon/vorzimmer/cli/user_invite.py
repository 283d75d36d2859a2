"""`vorzimmer user invite`: a user who chooses the password by a link in a mail, so that nobody else ever knows it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import ValidationError

from vorzimmer.cli import context
from vorzimmer.cli.control import actor
from vorzimmer.core.role import Role, misfit
from vorzimmer.settings import Settings
from vorzimmer.store import audit, users
from vorzimmer.store.audit import Actor
from vorzimmer.store.users import Account
from vorzimmer.web import mailed_links, passwords
from vorzimmer.web.routes.users import UserWanted


def invite(
    ctx: typer.Context,
    user_id: Annotated[str, typer.Argument(metavar="ID", help="What is typed to log in; a new user, or one there is.")],
    email: Annotated[str | None, typer.Option("--mail", metavar="ADDRESS", help="Where the link goes.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="For people; a new user needs one.")] = None,
    client: Annotated[str | None, typer.Option("--client", metavar="ID", help="Whose user it is.")] = None,
    agent: Annotated[str | None, typer.Option("--agent", metavar="ID", help="The agent that the user is.")] = None,
    role: Annotated[Role, typer.Option("--role", help="What a new user is to the house.")] = Role.CLIENT,
    language: Annotated[str, typer.Option("--language", help="Of mail and pages: de or en.")] = "de",
) -> None:
    """Mail a link by which the user chooses a password. Who is not there yet is added."""
    settings = context.settings(ctx)
    given = {
        "id": user_id,
        "name": name or user_id,
        "role": role,
        "agent": agent,
        "client": client,
        "language": language,
        "email": email,
    }
    try:
        wanted = UserWanted.model_validate(given)
    except ValidationError as error:
        lines = [f"--{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False)]
        context.fail(*lines, code=context.USAGE)
    context.run(_invite(settings, wanted, new=name is not None))
    typer.echo(f"a link is on its way to {user_id}; it is good for a week")


async def _invite(settings: Settings, wanted: UserWanted, *, new: bool) -> None:
    """All of it or nothing."""
    by, at = Actor(actor()), datetime.now(UTC)
    async with context.database(settings) as conn, conn.transaction():
        found = await users.find(conn, wanted.id, to_change=True)
        if found is None:
            if not new:
                context.fail(f"no user {wanted.id!r}; --name NAME adds one", code=context.USAGE)
            if (why := misfit(wanted.role, wanted.agent, wanted.client)) is not None:
                context.fail(f"{why}: --agent and --client say which", code=context.USAGE)
            owner = (wanted.agent, wanted.client, wanted.language)
            account = Account(wanted.id, wanted.name, wanted.role, *owner, email=wanted.email)
            try:
                await users.add(conn, account, passwords.NOBODYS)
            except users.UnknownOwner as error:
                context.fail(f"there is no agent or client {str(error)!r}")
            found = await users.find(conn, wanted.id)
        elif wanted.email is not None:
            await conn.execute("UPDATE web_user SET email = $2 WHERE id = $1", wanted.id, wanted.email)
            found = await users.find(conn, wanted.id)
        if found is None or found.email is None:
            context.fail(f"user {wanted.id} has no address; --mail ADDRESS gives one", code=context.USAGE)
        sent = await mailed_links.send(
            conn,
            found,
            "invitation",
            at,
            by=settings.house.name,
            base_url=settings.web.base_url,
            timezone=settings.house.timezone,
        )
        if not sent:
            context.fail(f"user {wanted.id} is disabled, or was sent enough links for now")
        after = {"name": found.identity.name, "email": found.email}
        client = found.identity.client
        await audit.note(conn, by, "user.invite", client=client, about=wanted.id, after=after)

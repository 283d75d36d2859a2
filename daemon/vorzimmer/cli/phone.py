"""`vorzimmer phone`: the agents' telephones, their passwords, and Asterisk's knowledge of both."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from vorzimmer.asterisk import phones as told
from vorzimmer.asterisk.errors import AriError
from vorzimmer.asterisk.http_requests import HttpRequests
from vorzimmer.asterisk.phones import Listening
from vorzimmer.asterisk.render import RenderError, swap_in
from vorzimmer.cli import context
from vorzimmer.cli.show import console, print_json
from vorzimmer.core.agent import Transport
from vorzimmer.settings import Settings
from vorzimmer.store import phones as stored
from vorzimmer.store.phones import Phone

app = typer.Typer(help="The agents' telephones.", no_args_is_help=True)

FILE_MODE = 0o640
"""Asterisk's group reads the file; a digest is as good as the password."""

PASSWORD_BYTES = 15
"""Twenty characters, no longer than a person has to type into a desk phone."""

_CHOOSE = "delete the section there, or take the telephone from the agent"


class PhonesError(Exception):
    """The telephones cannot be brought to Asterisk; one sentence a line."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply` did. `without_password`: telephones that Asterisk does not have; `wrong`: sentences."""

    written: int
    without_password: Sequence[str]
    wrong: Sequence[str]


@app.command("list")
def list_phones(
    ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False
) -> None:
    """List all telephones, whose they are, and whether they are registered."""
    settings = context.settings(ctx)
    phones, states = context.run(_list(settings))
    if states is None:
        typer.echo("Asterisk cannot be asked whether the telephones are there", err=True)
    if json:
        for phone in phones:
            print_json(
                {
                    "endpoint": phone.endpoint,
                    "agent": phone.agent,
                    "transport": phone.transport.value,
                    "password_at": phone.password_at,
                    "state": _state(states, phone.endpoint),
                }
            )
    elif phones:
        console().print(_table(phones, states, ZoneInfo(settings.house.timezone)))
    else:
        typer.echo("no telephones")


@app.command("password")
def new_password(
    ctx: typer.Context, endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="As `phone list` shows it.")]
) -> None:
    """Make a new password for a telephone and print it: this once, for it is not kept."""
    settings = context.settings(ctx)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    if not context.run(_set(settings, endpoint, told.digest(endpoint, password))):
        context.fail(f"no agent has a telephone {endpoint!r}; `vorzimmer phone list` names all")
    typer.echo(password)
    typer.echo("it counts from the next `vorzimmer phone apply` on", err=True)


@app.command()
def apply(ctx: typer.Context) -> None:
    """Bring all telephones to Asterisk, and check that it has them."""
    settings = context.settings(ctx)
    try:
        applied = context.run(_apply(settings))
    except PhonesError as error:
        context.fail(*str(error).splitlines(), "nothing was changed")
    except OSError as error:
        context.fail(f"{settings.phones.file}: cannot be written: {context.reason(error)}")
    for endpoint in applied.without_password:
        typer.echo(f"{endpoint} has no password and is left out: vorzimmer phone password {endpoint}", err=True)
    if applied.wrong:
        advice = "pjsip.conf must include vorzimmer.d/phones.conf and have its templates; see Asterisk's log"
        context.fail(*applied.wrong, advice)
    typer.echo(f"Asterisk has {applied.written} telephones of {settings.phones.file}")


async def _list(settings: Settings) -> tuple[Sequence[Phone], dict[str, bool] | None]:
    async with context.database(settings) as conn:
        phones = await stored.load(conn)
    try:
        async with _asterisk(settings) as rest:
            return phones, await told.registered(rest, [phone.endpoint for phone in phones])
    except AriError:
        return phones, None


async def _set(settings: Settings, endpoint: str, digest: str) -> bool:
    async with context.database(settings) as conn:
        return await stored.set_digest(conn, endpoint, digest)


async def _apply(settings: Settings) -> Applied:
    """Write the file and have it read. Two at once wait for each other, so that the later has the last word."""
    file, listening = settings.phones.file, _listening(settings)
    async with context.database(settings) as conn, conn.transaction(), _asterisk(settings) as rest:
        await stored.hold(conn)
        everyone = await stored.load(conn)
        phones = [told.Phone(one.endpoint, one.transport, one.digest) for one in everyone if one.digest is not None]
        before, now = _written(file), {phone.endpoint for phone in phones}
        try:
            text = told.text(phones, listening)
            foreign = await told.foreign(rest, sorted(now - before))
        except (RenderError, AriError) as error:
            raise PhonesError(_sentence(settings, error)) from error
        if foreign:
            raise PhonesError(
                "\n".join(f"{name}: Asterisk has this name from another file; {_CHOOSE}" for name in foreign)
            )
        if any(phone.transport is Transport.TLS for phone in phones):
            _require_certificate(listening)
        swap_in(file, text, FILE_MODE)
        left_out = [one.endpoint for one in everyone if one.digest is None]
        try:
            wrong = await told.take_over(rest, phones, listening, sorted(before - now))
            by_hand = await told.registered(rest, left_out)
        except AriError as error:
            return Applied(len(phones), left_out, [f"{file} is written, but {_sentence(settings, error)}"])
    return Applied(len(phones), [name for name in left_out if name not in by_hand], wrong)


def _asterisk(settings: Settings) -> HttpRequests:
    return HttpRequests(settings.ari.url, settings.ari.user, settings.ari.password.get_secret_value())


def _listening(settings: Settings) -> Listening:
    phones = settings.phones
    media = None if phones.media_address is None else str(phones.media_address)
    return Listening(phones.tcp, phones.tls, phones.certificate, phones.key, media)


def _written(file: Path) -> frozenset[str]:
    """The telephones that the file holds now."""
    return told.names(file.read_text(encoding="utf-8")) if file.exists() else frozenset()


def _require_certificate(listening: Listening) -> None:
    """Asterisk would take no telephone by TLS, and say so in its log only.

    Raises:
        PhonesError: certificate and key cannot be read, or do not belong together.
    """
    assert listening.certificate is not None  # noqa: S101 - `text` has refused it
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(listening.certificate, listening.key)
    except OSError as error:  # ssl.SSLError is one
        raise PhonesError(f"phones.certificate and phones.key cannot be used: {context.reason(error)}") from error


def _sentence(settings: Settings, error: Exception) -> str:
    return (
        f"Asterisk did not answer at ari.url {settings.ari.url}: {error}" if isinstance(error, AriError) else str(error)
    )


def _table(phones: Sequence[Phone], states: dict[str, bool] | None, zone: ZoneInfo) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("telephone", "agent", "transport", "password of", "state"):
        table.add_column(name)
    for phone in phones:
        made = "none" if phone.password_at is None else f"{phone.password_at.astimezone(zone):%Y-%m-%d %H:%M}"
        table.add_row(phone.endpoint, phone.agent, phone.transport.value, made, _state(states, phone.endpoint))
    return table


def _state(states: dict[str, bool] | None, endpoint: str) -> str:
    if states is None:
        return "unknown"
    if endpoint not in states:
        return "not in Asterisk"
    return "there" if states[endpoint] else "away"

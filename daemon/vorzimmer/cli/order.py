"""`vorzimmer order`: what clients have set up, from the link to the fee."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from pydantic import EmailStr, TypeAdapter, ValidationError

from vorzimmer.cli import context
from vorzimmer.cli.control import actor as who
from vorzimmer.cli.order_show import as_json, charge_json, charge_table, order_lines, order_table
from vorzimmer.cli.show import console, plain, print_json
from vorzimmer.core.plain_text import many_lines
from vorzimmer.core.price_list import Role, Unfit
from vorzimmer.core.setup_booking import OrderedAlready, book_change
from vorzimmer.core.setup_course import NotNow, answer, ask, cancel, drop, finish
from vorzimmer.core.setup_order import CLIENT, Order, OrderState, SettingUp
from vorzimmer.orders import price_list
from vorzimmer.roles import setting_up as by_settings
from vorzimmer.settings import Settings
from vorzimmer.store import client_change, order_links, orders
from vorzimmer.store.audit import Actor
from vorzimmer.store.client_change import NoSuchClient
from vorzimmer.store.order_links import Link
from vorzimmer.store.orders import Charge, NoSuchOrder, NoSuchStep

app = typer.Typer(help="What clients have set up: links, orders, their steps and fees.", no_args_is_help=True)

OrderNumber = Annotated[int, typer.Argument(metavar="ORDER", help="As `order list` shows it.", min=1)]
StepNumber = Annotated[int, typer.Argument(metavar="STEP", help="As `order show` counts them.", min=1)]
ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]

Work = Callable[[Order], Order]

_ADDRESSES = TypeAdapter(tuple[EmailStr, ...])


@app.command()
def link(
    ctx: typer.Context,
    client: ClientId,
    to: Annotated[list[str] | None, typer.Option("--to", metavar="ADDRESS", help="Else the client's own.")] = None,
) -> None:
    """Mail a client the link by which it orders, and print it; it is good for 14 days and for one order."""
    settings = context.settings(ctx)
    try:
        addresses = _ADDRESSES.validate_python(to or [])
    except ValidationError as error:
        context.fail(f"--to: {error.errors(include_url=False)[0]['msg']}", code=context.USAGE)
    sent, url = context.run(_send_link(settings, client, addresses))
    typer.echo(url)
    typer.echo(f"to {', '.join(sent.mail)}, until {sent.expires_at:%Y-%m-%d}", err=True)


@app.command("list")
def list_orders(
    ctx: typer.Context,
    client: Annotated[str | None, typer.Option("--client", metavar="ID", help="Only this client's.")] = None,
    closed: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    json: Json = False,
) -> None:
    """List orders, the newest first."""
    settings = context.settings(ctx)
    found = context.run(_list(settings, client, None if closed else OrderState.OPEN))
    if json:
        for order in found:
            print_json(as_json(order))
    elif found:
        console().print(order_table(found, datetime.now(ZoneInfo(settings.house.timezone)).date()))
    else:
        typer.echo("no orders" if closed else "no open orders; --all lists those that are over, too")


@app.command()
def show(ctx: typer.Context, order: OrderNumber, json: Json = False) -> None:
    """Show an order: what it is about, its steps, and what was asked and answered."""
    settings = context.settings(ctx)
    found = context.run(_load(settings, order))
    if json:
        print_json(as_json(found))
    else:
        for line in order_lines(found, ZoneInfo(settings.house.timezone)):
            typer.echo(line)


@app.command("done")
def step_done(ctx: typer.Context, order: OrderNumber, step: StepNumber) -> None:
    """A step is done: the next one of its option begins, and after the last one the option is charged."""
    _bring_on(ctx, order, lambda by, at: partial(finish, n=step, by=by, at=at), "order.step.done")


@app.command("drop")
def step_drop(ctx: typer.Context, order: OrderNumber, step: StepNumber) -> None:
    """A step cannot be done: the client does not get its option, and pays nothing for it."""
    _bring_on(ctx, order, lambda by, at: partial(drop, n=step, by=by, at=at), "order.step.drop")


@app.command("ask")
def step_ask(
    ctx: typer.Context,
    order: OrderNumber,
    step: StepNumber,
    question: Annotated[str, typer.Argument(help="What is to be answered.")],
    of: Annotated[str, typer.Option("--of", help="it, lead, sales, studio or client.")],
) -> None:
    """Ask somebody about a step, by mail; after three days without an answer the lead is told."""
    if of not in (CLIENT, *Role):
        context.fail(f"--of: {plain(of)!r} is nobody: it, lead, sales, studio or client", code=context.USAGE)
    asked = many_lines(question).strip()
    _bring_on(ctx, order, lambda _, at: partial(ask, n=step, of=of, question=asked, at=at), "order.step.ask")


@app.command("answer")
def step_answer(
    ctx: typer.Context,
    order: OrderNumber,
    step: StepNumber,
    text: Annotated[str, typer.Argument(help="The answer.")],
) -> None:
    """Answer what was asked about a step."""
    said = many_lines(text).strip()
    _bring_on(ctx, order, lambda by, at: partial(answer, n=step, text=said, by=by, at=at), "order.step.answer")


@app.command("cancel")
def cancel_order(ctx: typer.Context, order: OrderNumber) -> None:
    """Nothing more of an order is wanted; what is done stays done."""
    _bring_on(ctx, order, lambda by, at: partial(cancel, by=by, at=at), "order.cancel")


@app.command()
def change(
    ctx: typer.Context,
    client: ClientId,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Of the price list: agent or wish in the shipped one.")],
    wishes: Annotated[str, typer.Argument(help="What is to be different, in the client's words.")],
) -> None:
    """Open a change order: a change of agent, or a wish of the client."""
    settings = context.settings(ctx)
    placed = context.run(_change(settings, client, kind, wishes))
    typer.echo(f"order {placed.id}: {placed.items[0].title.en} for {plain(placed.client_name)}")


@app.command()
def charges(
    ctx: typer.Context,
    client: Annotated[str | None, typer.Option("--client", metavar="ID", help="Only this client's.")] = None,
    json: Json = False,
) -> None:
    """List the one-off fees for what was set up, net."""
    settings = context.settings(ctx)
    found = context.run(_charges(settings, client))
    if json:
        for one in found:
            print_json(charge_json(one))
    elif found:
        console().print(charge_table(found, ZoneInfo(settings.house.timezone)))
    else:
        typer.echo("no fees")


@app.command()
def prices() -> None:
    """Print the shipped price list, to begin one's own from."""
    typer.echo(price_list.shipped(), nl=False)


def _bring_on(ctx: typer.Context, number: int, work: Callable[[str, datetime], Work], what: str) -> None:
    settings = context.settings(ctx)
    by, at = who(), datetime.now(UTC)
    after = context.run(_changed(settings, number, work(by, at), what, at))
    for line in order_lines(after, ZoneInfo(settings.house.timezone)):
        typer.echo(line)


def _setting_up(settings: Settings) -> SettingUp:
    try:
        return by_settings.setting_up(settings)
    except price_list.BadPriceList as error:
        context.fail(*error.lines, code=context.USAGE)


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except Unfit as error:
        context.fail(f"{error.field}: {error}")
    except NoSuchClient as error:
        context.fail(f"there is no client {str(error)!r}")
    except (NoSuchOrder, NoSuchStep, NotNow, OrderedAlready) as error:
        context.fail(str(error))


async def _send_link(settings: Settings, client: str, to: tuple[str, ...]) -> tuple[Link, str]:
    setting_up, actor = _setting_up(settings), Actor(who())
    async with context.database(settings) as conn:
        with _refusals():
            _version, found = await client_change.load(conn, client)
        addresses = to or found.addresses
        if not addresses:
            context.fail(f"client {client!r} has no mail address; say with --to where the link goes")
        return await order_links.send(conn, found, addresses, setting_up, actor=actor, at=datetime.now(UTC))


async def _list(settings: Settings, client: str | None, state: OrderState | None) -> list[Order]:
    async with context.database(settings) as conn:
        if client is not None:
            return await orders.of_client(conn, client, state=state)
        return await orders.everybodys(conn, state=state)


async def _load(settings: Settings, number: int) -> Order:
    with _refusals():
        async with context.database(settings) as conn:
            return await orders.load(conn, number)


async def _changed(settings: Settings, number: int, work: Work, what: str, at: datetime) -> Order:
    setting_up = _setting_up(settings)
    with _refusals():
        async with context.database(settings) as conn:
            return await orders.change(conn, number, work, setting_up, actor=Actor(who()), what=what, at=at)


async def _change(settings: Settings, client: str, kind: str, wishes: str) -> Order:
    setting_up, actor, at = _setting_up(settings), Actor(who()), datetime.now(UTC)
    with _refusals():
        async with context.database(settings) as conn:
            _version, found = await client_change.load(conn, client)
            order = book_change(found, kind, wishes, setting_up, mail=found.addresses, by=actor.name, at=at)
            return await orders.place(conn, order, setting_up, actor=actor)


async def _charges(settings: Settings, client: str | None) -> list[Charge]:
    async with context.database(settings) as conn:
        return await orders.charges(conn, client=client)

"""Statistics for those who lead the house: calls by client, agent, team and time, margins, and the coming week."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query

from vorzimmer.core.day import bounds
from vorzimmer.core.margin import FORMULA, margins
from vorzimmer.core.service_level import TARGET, formula
from vorzimmer.core.statistics import OCCUPANCY, By, Shift, Volumes
from vorzimmer.core.week_forecast import coming_week
from vorzimmer.core.week_plan import PAST_DAYS, Plan, plan_of
from vorzimmer.store import margins as stored
from vorzimmer.store import statistics_by
from vorzimmer.store.statistics_by import Asked
from vorzimmer.web.access import Role, TheParts, Who, only
from vorzimmer.web.client_access import TheirClient
from vorzimmer.web.problems import Problem, told
from vorzimmer.web.routes.past_calls import Day
from vorzimmer.web.statement_views import month_of
from vorzimmer.web.statistics_views import AgentRow, HalfHour, MarginRow, Margins, Row, Staffing, Told

router = APIRouter(prefix="/api", tags=["house"])

MOST_DAYS = 366
"""Of one question."""

Overseer = Annotated[Who, Depends(only(Role.SUPERVISOR, Role.ADMIN))]
Admin = Annotated[Who, Depends(only(Role.ADMIN))]
Seconds = Annotated[int, Query(ge=0, le=3600)]
Month = Annotated[str, Query(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$", description="2026-10")]


@router.get("/statistics", responses=told(401, 403, 422, 503))
async def by_key(
    _: Overseer,
    parts: TheParts,
    by: By,
    since: Annotated[Day, Query(description="the first day, by the house's clock")],
    until: Annotated[Day, Query(description="the last day")],
    target: Seconds = TARGET,
    short: Seconds = 0,
) -> Told:
    """Calls of some days, at most a year; by agent with what each of them did."""
    asked = replace(_asked(parts.timezone, since, until), target=Decimal(target), short=Decimal(short))
    clients, agents = parts.directory().clients, parts.directory().agents
    teams = {one.id: one.team for one in clients.values() if one.team is not None}
    worked: tuple[Shift, ...] = ()
    async with parts.database.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        rows, whole = await statistics_by.volumes(conn, asked, by, teams)
        if by is By.AGENT:
            worked = await statistics_by.shifts(conn, asked.since, asked.until, parts.clock(), asked.timezone)
    names = {
        By.CLIENT: {one.id: one.name for one in clients.values()},
        By.AGENT: {one.id: one.name for one in agents.values()},
    }.get(by, {})
    return Told(
        by=by,
        since=since,
        until=until,
        formula=formula(target, short),
        rows=[_row(one, names.get(one.key or "")) for one in rows],
        total=_row(whole, None),
        occupancy=OCCUPANCY,
        agents=[_agent(one, agents[one.agent].name if one.agent in agents else one.agent) for one in worked],
    )


@router.get("/statistics/margin", responses=told(401, 403, 422, 503))
async def by_client(_: Admin, parts: TheParts, month: Month) -> Margins:
    """What each client brings in a month, and what its calls cost."""
    wanted, clients = month_of(month), parts.directory().clients
    zones = {one.id: one.timezone for one in clients.values()}
    async with parts.database.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        efforts = await stored.efforts(conn, wanted, zones, parts.timezone)
        revenues = await stored.revenues(conn, wanted)
    found, foreign = margins(efforts, revenues, parts.costs)
    rows = [
        MarginRow(
            client=one.client,
            name=clients[one.client].name if one.client in clients else one.client,
            closed=one.closed,
            calls=one.calls,
            hours=round(one.hours, 2),
            revenue=round(one.revenue, 2),
            wages=round(one.wages, 2),
            lines=round(one.lines, 2),
            margin=round(one.amount, 2),
            share=_percent(one.share),
        )
        for one in sorted(found, key=lambda one: one.amount, reverse=True)
    ]
    return Margins(
        month=month,
        currency=parts.costs.currency,
        formula=FORMULA,
        clients=rows,
        foreign=[one.client for one in foreign],
    )


@router.get("/statistics/staffing", responses=told(401, 403, 422, 503))
async def staffing(
    _: Overseer,
    parts: TheParts,
    target: Annotated[float, Query(gt=0, lt=1, allow_inf_nan=False)] = 0.8,
    within: Seconds = TARGET,
) -> Staffing:
    """The calls that the coming week brings by half hours, and the agents that they take."""
    zone, today = ZoneInfo(parts.timezone), parts.today().date()
    span = _asked(parts.timezone, today - timedelta(days=PAST_DAYS), today - timedelta(days=1))
    async with parts.database.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        past = await statistics_by.past(conn, span.since, span.until, zone.key)
        whole = (await statistics_by.volumes(conn, span, By.WEEKDAY, {}))[1]
    # In a thread: some hundred searches for the fewest agents would hold up what rings meanwhile.
    plan = await asyncio.to_thread(plan_of, past, whole, coming_week(today), zone, parts.region, (target, within))
    return Staffing(
        target=target,
        within=within,
        handling=round(plan.handling, 1),
        patience=None if plan.patience is None else round(plan.patience, 1),
        half_hours=_half_hours(plan),
    )


@router.get("/clients/{client}/statistics", responses=told(401, 403, 404, 422, 503))
async def of_client(
    seat: TheirClient,
    parts: TheParts,
    by: By,
    since: Annotated[Day, Query(description="the first day, by the client's clock")],
    until: Annotated[Day, Query(description="the last day")],
) -> Told:
    """A client's own calls of some days by hour, weekday or day; nothing of single agents."""
    if by not in {By.HOUR, By.WEEKDAY, By.DAY}:
        raise Problem(422, "bad_request", "by: hour, weekday or day", fields={"by": "hour, weekday or day"})
    asked = replace(_asked(seat.client.timezone, since, until), client=seat.client.id)
    async with parts.database.connection() as conn:
        rows, whole = await statistics_by.volumes(conn, asked, by, {})
    return Told(
        by=by,
        since=since,
        until=until,
        formula=formula(),
        rows=[_row(one, None) for one in rows],
        total=_row(whole, None),
        occupancy=OCCUPANCY,
        agents=[],
    )


def _asked(timezone: str, since: date, until: date) -> Asked:
    """Whole days.

    Raises:
        Problem: 422, the last comes before the first, or there are too many.
    """
    if not timedelta() <= until - since < timedelta(days=MOST_DAYS):
        text = f"from the first to the last day, {MOST_DAYS} at most"
        raise Problem(422, "bad_request", text, fields={"until": text})
    zone = ZoneInfo(timezone)
    return Asked(bounds(since, zone)[0], bounds(until, zone)[1], timezone)


def _row(one: Volumes, name: str | None) -> Row:
    return Row(
        key=one.key,
        name=name,
        offered=one.offered,
        answered=one.answered,
        abandoned=one.abandoned,
        at_once=one.gone_at_once,
        overflowed=one.overflowed,
        level=_percent(one.level),
        mean_wait=_tenths(one.mean_wait),
        p90_wait=_tenths(one.p90_wait),
        max_wait=_tenths(one.max_wait),
        mean_talk=_tenths(one.mean_talk),
        mean_wrap_up=_tenths(one.mean_wrap_up),
    )


def _agent(one: Shift, name: str) -> AgentRow:
    return AgentRow(
        agent=one.agent,
        name=name,
        calls=one.calls,
        calls_a_day=_tenths(one.calls_a_day),
        missed=one.missed,
        talk=round(float(one.talk), 1),
        hold=round(float(one.hold), 1),
        wrap_up=round(float(one.wrap_up), 1),
        logged_in=round(float(one.logged_in), 1),
        paused=round(float(one.paused), 1),
        occupancy=_percent(one.occupancy),
    )


def _half_hours(plan: Plan) -> list[HalfHour]:
    by_a = [one.agents for one in plan.by_a] if plan.by_a else [None] * len(plan.week)
    return [
        HalfHour(at=one.at, calls=round(one.calls, 2), agents_c=by_c.agents, agents_a=agents)
        for one, by_c, agents in zip(plan.week, plan.by_c, by_a, strict=True)
    ]


def _tenths(value: Decimal | None) -> float | None:
    return None if value is None else round(float(value), 1)


def _percent(share: Decimal | None) -> float | None:
    return None if share is None else round(float(share * 100), 1)

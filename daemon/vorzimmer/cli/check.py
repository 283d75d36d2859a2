"""`vorzimmer check`: is everything there that the daemon needs, and what to do where it is not.

Nothing is changed, and no event socket is opened: a second one under the application's name would take the calls
away from the running daemon.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import typer

from vorzimmer import log
from vorzimmer import settings as sources
from vorzimmer.cli import (
    check_alarm,
    check_asterisk,
    check_billing,
    check_house,
    check_machine,
    check_numbers,
    check_privacy,
    check_records,
    check_setup,
    check_sms,
    check_templates,
    check_watch,
    check_web,
    context,
)
from vorzimmer.cli.report import Report
from vorzimmer.settings import Settings

PATIENCE = 30.0
"""Seconds after which one part of the check is given up; each has shorter limits of its own."""


def check(ctx: typer.Context) -> None:
    """Check everything the daemon needs, and the daemon itself; say what to do where something is wrong."""
    settings = context.settings(ctx)
    log.configure("critical", secrets=settings.secrets())  # what goes wrong is a finding, said once
    file = sources.chosen_file(ctx.obj)
    reports = [check_house.settings_file(settings, file), *asyncio.run(_all(settings))]
    for report in reports:
        for line in report.lines():
            typer.echo(line)
    found = sum(len(report.findings) for report in reports)
    if found:
        context.fail(f"{found} {'thing is' if found == 1 else 'things are'} wrong")


async def _all(settings: Settings) -> Sequence[Report]:
    database, endpoints = await check_house.database(settings)
    async with asyncio.timeout(PATIENCE):
        telephones = asyncio.create_task(check_web.telephones(settings))
        ari, (ami, user), mail, roles, messages, clock = await asyncio.gather(
            check_asterisk.ari(settings),
            check_asterisk.ami(settings, endpoints),
            check_house.mail(settings),
            check_watch.roles(settings),
            check_watch.messages(settings),
            check_machine.clock(settings),
        )
        browsers = await telephones
    records = await check_records.records(settings)
    machine = [check_machine.disks(settings), check_machine.asterisk_files(), clock, check_machine.units()]
    machine.append(check_machine.backups(datetime.now(UTC)))
    return [
        *(ari, ami, database, mail, *check_house.folders(settings, user), records, *roles, messages),
        check_web.pages(),
        check_setup.orders(settings),
        check_templates.templates(settings),
        check_alarm.people(settings),
        await check_numbers.numbers(settings),
        await check_sms.text_messages(settings),
        await check_privacy.privacy(settings),
        await check_billing.billing(settings),
        *(report for report in (browsers, *machine) if report is not None),
    ]

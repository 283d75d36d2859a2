"""`vorzimmer check`: can clients order, and does anybody hear of it?"""

from __future__ import annotations

from collections.abc import Iterator

from vorzimmer.cli.check_web import local
from vorzimmer.cli.report import Report
from vorzimmer.core.price_list import Role
from vorzimmer.core.setup_order import SettingUp
from vorzimmer.orders.price_list import BadPriceList
from vorzimmer.roles.setting_up import setting_up
from vorzimmer.settings import Settings

PART = "set-up"


def orders(settings: Settings) -> Report:
    """The price list, and who is in charge."""
    try:
        found = setting_up(settings)
    except BadPriceList as error:
        return Report(PART, "no price list", error.lines)
    return Report(PART, f"{len(found.prices.option)} options to order", tuple(_findings(settings, found)))


def _findings(settings: Settings, found: SettingUp) -> Iterator[str]:
    """Only a house that has others than its own machine as readers has somebody who must be told."""
    if not found.in_charge[Role.LEAD] and not local(settings):
        yield "nobody is told when an order stands still; set setup.lead, or alarm.to"

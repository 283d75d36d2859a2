"""How clients are set up here, by the settings and the price list: for the pages, the worker and the commands."""

from __future__ import annotations

from vorzimmer.core.price_list import Role
from vorzimmer.core.setup_order import SettingUp
from vorzimmer.orders import price_list
from vorzimmer.settings import Settings


def setting_up(settings: Settings) -> SettingUp:
    """What the settings say.

    Raises:
        price_list.BadPriceList: the file that they name is none.
    """
    people = settings.setup
    return SettingUp(
        prices=price_list.read(people.price_list),
        in_charge={
            Role.IT: people.it,
            Role.LEAD: people.lead or settings.alarm.to,
            Role.SALES: people.sales,
            Role.STUDIO: people.studio,
        },
        language=people.language,
        base_url=settings.web.base_url,
        region=settings.house.region,
        timezone=settings.house.timezone,
    )

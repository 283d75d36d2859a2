"""Who is in charge, by the settings, and what `check` says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vorzimmer.cli.check_setup import orders
from vorzimmer.core.price_list import Role
from vorzimmer.roles.setting_up import setting_up
from vorzimmer.settings import Settings

BASE = """
[ari]
password = "x"
[ami]
password = "x"
[database]
dsn = "postgresql://u:p@127.0.0.1/d"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Any:
    """Settings with these lines besides."""

    def read(more: str = "") -> Settings:
        file = tmp_path / "vorzimmer.toml"
        file.write_text(BASE + more)
        return Settings(config_file=file)  # type: ignore[call-arg]  # read by settings_customise_sources

    return read


def test_a_role_that_nobody_has_is_the_leads(settings: Any) -> None:
    """A small house names one person; without any, whoever gets the alarms is the lead."""
    small = setting_up(settings('[setup]\nlead = ["a@x.example"]\nit = ["b@x.example"]\n'))
    assert small.addresses(Role.IT, Role.STUDIO, Role.SALES) == ("b@x.example", "a@x.example")
    assert setting_up(settings('[alarm]\nto = ["c@x.example"]\n')).addresses(Role.IT) == ("c@x.example",)
    assert setting_up(settings()).addresses(*Role) == ()


def test_check_tells_a_house_that_nobody_would_hear_of_orders(settings: Any) -> None:
    """A house that is open to others needs a lead; one that is only tried out does not, nor one that has alarms."""
    public = '[web]\nbase_url = "https://tel.example"\n'
    assert orders(settings(public)).findings == (
        "nobody is told when an order stands still; set setup.lead, or alarm.to",
    )
    assert orders(settings(public + '[alarm]\nto = ["c@x.example"]\n')).findings == ()
    assert list(orders(settings()).lines()) == ["ok     set-up: 6 options to order"]

"""The price list: the shipped one, and an operator's own with a mistake."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from vorzimmer.orders import price_list
from vorzimmer.orders.price_list import BadPriceList

OPTION = """
[[option]]
id = "one"
title = { de = "Eins", en = "One" }
price = "1.00"
steps = [{ title = { de = "Tun", en = "Do" }, owner = "it", days = 1 }]
"""


def test_the_shipped_list_has_the_prices_that_were_agreed() -> None:
    """What a new house offers is this list; a changed price is a changed bill."""
    found = price_list.read(None)
    assert found.currency == "EUR"
    assert {option.id: option.price for option in found.option} == {
        "extension": Decimal("0.00"),
        "extension-mp3": Decimal("49.90"),
        "extension-agent": Decimal("99.90"),
        "extension-professional": Decimal("249.00"),
        "own-number": Decimal("99.00"),
        "country-number": Decimal("99.00"),
    }
    assert {factor.id: factor.rate for factor in found.factor} == {
        "none": Decimal(0),
        "germany": Decimal("0.2"),
        "eu": Decimal("0.3"),
    }
    assert {change.id for change in found.change} == {"agent", "wish"}


def test_an_operator_has_a_list_of_his_own(tmp_path: Path) -> None:
    """The file that the settings name holds instead."""
    file = tmp_path / "prices.toml"
    file.write_text('currency = "CHF"\n' + OPTION)
    found = price_list.read(file)
    assert (found.currency, [option.id for option in found.option]) == ("CHF", ["one"])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "option: Field required"),
        ("option = [", "Invalid value"),
        (OPTION + OPTION, "option 'one' stands twice"),
        (OPTION.replace('"1.00"', '"-1"'), "option.1.price: Input should be greater than or equal to 0"),
        (
            OPTION.replace('"1.00"', '"1.005"'),
            "option.1.price: Decimal input should have no more than 2 decimal places",
        ),
        (OPTION.replace('"it"', '"boss"'), "option.1.steps.1.owner: Input should be 'it', 'lead', 'sales' or 'studio'"),
        (OPTION.replace("de = ", "fr = "), "option.1.title.de: Field required"),
        (OPTION + 'needs = ["two"]', "option one: there is no option 'two'"),
        (OPTION + 'number_for = "land"', "option.1: option one: number_for names no required question for a country"),
        (OPTION + 'colour = "red"', "option.1.colour: Extra inputs are not permitted"),
    ],
)
def test_a_mistake_is_named_with_file_and_place(tmp_path: Path, text: str, line: str) -> None:
    """Whoever edits the list reads where the mistake is; nothing is half read."""
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(BadPriceList) as caught:
        price_list.read(file)
    assert any(one.startswith(f"{file}: {line}") for one in caught.value.lines), caught.value.lines


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A wrong path in the settings is told as such."""
    with pytest.raises(BadPriceList, match=r"none\.toml: No such file"):
        price_list.read(tmp_path / "none.toml")

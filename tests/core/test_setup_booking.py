"""What somebody wants, checked by the price list."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.orders.house import CLIENT, NOW, OWN_NUMBER, PROFESSIONAL, SETTING_UP, change, setup
from vorzimmer.core.client_file import ClientFile
from vorzimmer.core.plain_text import many_lines
from vorzimmer.core.price_list import PriceList, Unfit, choose
from vorzimmer.core.setup_booking import Wanted, book_setup, written_into

PRICES = SETTING_UP.prices


def test_an_order_keeps_titles_and_prices_as_they_are() -> None:
    """A later price list changes no order."""
    order = setup(factor="eu")
    assert [(item.title.de[:16], item.price) for item in order.items] == [
        ("Eigene Durchwahl", Decimal("249.00")),
        ("Eigene Rufnummer", Decimal("99.00")),
    ]
    assert order.factor is not None
    assert (order.factor.id, order.factor.rate, order.currency) == ("eu", Decimal("0.3"), "EUR")


def test_what_is_typed_is_cleaned_once() -> None:
    """Numbers become E.164, countries capitals, lines lines; what is empty and not needed is left out."""
    order = setup(
        {
            "own-number": {"number": " 089 / 123456 "},
            "country-number": {"country": " ch"},
            "extension-professional": {"text": "Guten\u202e Tag\r\nWelt\x00", "voice": "  "},
        },
        wishes="  Bald\u2028bitte ",
    )
    assert [[answer for _, answer in item.answers] for item in order.items] == [
        ["Guten Tag\nWelt"],
        ["+4989123456"],
        ["CH"],
    ]
    assert order.wishes == "Bald\nbitte"


@pytest.mark.parametrize(
    ("options", "field", "text"),
    [
        ({}, "options", "choose at least one option"),
        ({"x": {}}, "options", "there is no option 'x' here"),
        ({"extension": {}, **PROFESSIONAL}, "options", "extension and extension-professional are not ordered together"),
        ({"extension-agent": {}}, "options.extension-agent.text", "say something about 'Text of the announcement'"),
        ({"extension-agent": {"text": "x" * 2001}}, "options.extension-agent.text", "takes at most 2000 characters"),
        ({"own-number": {"number": "12"}}, "options.own-number.number", ""),
        ({"country-number": {"country": "Österreich"}}, "options.country-number.country", "'Österreich' is no country"),
        ({"own-number": {"number": "089 123456", "x": "y"}}, "options.own-number", "does not ask for 'x'"),
    ],
)
def test_what_cannot_be_ordered_is_told_with_its_field(options: Any, field: str, text: str) -> None:
    """The page shows the sentence where the mistake is."""
    with pytest.raises(Unfit) as caught:
        setup(options)
    assert caught.value.field == field
    assert text in str(caught.value)


def test_an_option_may_need_another() -> None:
    """Where a house's list says so, one of the needed options has to be ordered with it."""
    raw = PRICES.model_dump()
    raw["option"] = [
        {**one, "needs": ("extension", "extension-mp3")} if one["id"] == "own-number" else one for one in raw["option"]
    ]
    listed = PriceList.model_validate(raw)
    with pytest.raises(Unfit, match="own-number is only set up together with extension or extension-mp3"):
        choose(listed, OWN_NUMBER, "DE")
    assert len(choose(listed, {**OWN_NUMBER, "extension": {}}, "DE")) == 2


def test_a_factor_and_a_change_are_of_the_list() -> None:
    """What is not on offer is not ordered; a change says what is to be different."""
    for wanted in ({"factor": "moon"}, {"factor": ""}):
        with pytest.raises(Unfit, match="no such telephone factor"):
            setup(**wanted)
    with pytest.raises(Unfit, match="no such change here"):
        change("colour")
    with pytest.raises(Unfit, match="say what is to be different"):
        change(wishes=" \n ")
    with pytest.raises(Unfit, match="at most 4000"):
        change(wishes="x" * 4001)


def test_the_file_says_what_was_ordered_and_keeps_the_rest() -> None:
    """Who says nothing about the telephone system leaves it as it is known."""
    file = ClientFile.model_validate({"voip": "own", "contracts": [{"title": "A", "since": "2026-01-01"}]})
    assert written_into(file, setup(factor="germany")) == file.model_copy(update={"telephone_factor": "germany"})
    assert written_into(file, setup(voip="ours")).voip == "ours"
    assert written_into(file, change()) == file


@given(st.dictionaries(st.text(max_size=20), st.dictionaries(st.text(max_size=10), st.text(max_size=50))))
def test_nothing_that_somebody_sends_breaks_it(options: Any) -> None:
    """Any text is ordered or refused, never an error of ours."""
    try:
        order = book_setup(CLIENT, Wanted(options), SETTING_UP, mail=(), by="x", at=NOW)
    except Unfit:
        return
    assert {item.option for item in order.items} == set(options)


@given(st.sampled_from([option.id for option in PRICES.option]), st.text(), st.text())
def test_any_answer_is_clean_or_refused(option: str, first: str, second: str) -> None:
    """No control character gets into an order, whatever is typed."""
    asks = next(one.asks for one in PRICES.option if one.id == option)
    said = dict(zip((question.id for question in asks), (first, second), strict=False))
    try:
        order = setup({option: said})
    except Unfit:
        return
    for item in order.items:
        for _, answer in item.answers:
            assert answer == many_lines(answer).strip()

"""What an agent's page is told as time passes."""

from __future__ import annotations

from datetime import timedelta

from tests.web.note_house import BOOK, NoteHouse
from vorzimmer.web.routes.agent import AGAIN, _Shown


async def test_a_clock_that_is_set_back_silences_no_page(house_of_notes: NoteHouse) -> None:
    """A page that hears nothing takes its line for broken: it is told the same again, whichever way the clock went."""
    house, anna = house_of_notes, BOOK.agent[0]
    shown = _Shown(house.parts)
    assert [event.event for event in shown.news(anna, told=True)] == ["pop", "view"]
    assert list(shown.news(anna, told=False)) == []
    for step in (timedelta(seconds=AGAIN), timedelta(hours=-1), timedelta(seconds=AGAIN)):
        house.at += step
        assert "view" in [event.event for event in shown.news(anna, told=False)]
        assert list(shown.news(anna, told=False)) == []

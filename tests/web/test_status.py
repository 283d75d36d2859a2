"""The operator's page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vorzimmer.web.status import Compared, Status, render

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_it_shows_what_has_happened_and_what_waits() -> None:
    """Counts of today, messages by state, the last comparison; a role that is ready says so."""
    seen = render(
        Status(
            AT,
            "Büroservice",
            {"calls": [], "worker": []},
            calls={"answered": 41, "message": 2},
            messages={"pending": 3, "dead": 0},
            compared=Compared(AT, 120, 1, 1),
        )
    )
    for text in ("Büroservice", "ready", "<td>41</td>", "<td>message</td>", "120 calls, 1 different", "09:00:00 UTC"):
        assert text in seen


@pytest.mark.parametrize("why", ["ConnectionRefusedError", "<script>alert(1)</script>"])
def test_it_says_what_is_away_and_escapes_it(why: str) -> None:
    """Without database or roles the page still comes; what a server said is shown as text, never as HTML."""
    seen = render(Status(AT, "House", {"calls": ["no events come from Asterisk", why]}, database=why))
    assert "The database is away" in seen
    assert "no events come from Asterisk" in seen
    assert "<script>" not in seen


def test_nothing_yet_is_no_error() -> None:
    """A new house: no call, no message, no comparison."""
    seen = render(Status(AT, "House", {}, calls={}, messages={}))
    assert "none yet" in seen
    assert "not yet" in seen

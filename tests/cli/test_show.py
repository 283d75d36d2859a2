"""How values are written for people."""

from __future__ import annotations

from vorzimmer.cli.show import pairs


def test_pairs_are_plain_words() -> None:
    """No brackets of an empty list and no quotes of Python's: what is empty is not said, zero and no are."""
    data = {"to": "0", "attended": False, "ahead": 0, "reason": "", "skipped": [], "number": None}
    assert pairs(data) == "to: 0, attended: no, ahead: 0"
    assert pairs({"steps": ["Answer", "Queue"], "agent": {"id": "ben", "since": None}}) == (
        "steps: [Answer, Queue], agent: (id: ben)"
    )

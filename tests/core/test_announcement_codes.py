"""The numbers by which announcements are named on a telephone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import make_client
from vorzimmer.core.announcement import Sound
from vorzimmer.core.announcement_codes import DIGITS, FIRST_OWN, FIXED, codes, named

NAMES = st.lists(st.from_regex(r"own-[a-z]{1,8}", fullmatch=True), max_size=30)


def test_every_meaning_has_a_number_of_its_own() -> None:
    """A new kind of announcement cannot be spoken on a telephone until it has a number; none is taken twice."""
    assert set(FIXED) == set(Sound)
    assert len(set(FIXED.values())) == len(FIXED)
    assert max(FIXED.values()) < FIRST_OWN


@given(NAMES)
def test_each_number_leads_to_its_announcement(names: list[str]) -> None:
    """What is shown is what is recorded, names of the client's own among them; whatever else is keyed in is nothing."""
    chain = [*({"to": "announcement", "sound": name, "then": ["@opening"]} for name in names[:18]), {"to": "machine"}]
    client = make_client(open={"chain": chain}, announcements=dict.fromkeys(names[:18], "a.wav"))
    names = [*names[:18], "goodbye-old"]
    client = client.model_copy(update={"versions": {"goodbye-old": ()}})  # nothing plays it any more
    found = codes(client)
    assert set(found) == {*Sound, *names}
    for name, number in found.items():
        assert named(client, str(number)) == name
        assert len(str(number)) <= DIGITS
    for other in ("", "0", "01", "20", str(FIRST_OWN + len(set(names))), "²"):
        assert named(client, other) is None

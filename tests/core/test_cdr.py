"""The call detail record and its digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import DID, START, event
from vorzimmer.core.cdr import (
    PERSONAL,
    Cdr,
    Disposition,
    build_cdr,
    canonical,
    digest,
    from_json,
    personal_mac,
    to_json,
)
from vorzimmer.core.ledger import CallEvent, Kind

KEY = b"k" * 32
CALLER, NAME, DIVERTING, MOBILE = "+4930111111", "Erika Mustermann", "+498112345", "+491713920055"


def _call(*then: tuple[Kind, float, dict[str, Any]], end: float = 60) -> list[CallEvent]:
    """A call that arrives, is routed, does what is given, and ends."""
    arrived: dict[str, Any] = {"dialled": DID, "caller": CALLER, "caller_name": NAME, "diverted_from": DIVERTING}
    steps = [
        (Kind.ARRIVED, 0.0, arrived),
        (Kind.ROUTED, 0.0, {"client": "kanzlei", "state": "open", "reason": "open: Monday 08:00-18:00"}),
        *then,
        (Kind.ENDED, end, {}),
    ]
    return [event(n, kind, after, **data) for n, (kind, after, data) in enumerate(steps)]


def _hangup(by: str, cause: int = 16, after: float = 60) -> tuple[Kind, float, dict[str, Any]]:
    return (Kind.HANGUP, after, {"by": by, "cause": cause})


def test_every_field_comes_from_the_events() -> None:
    """Queue, hold, forward and machine in one call: times, phases, who answered, and what was recorded."""
    cdr = build_cdr(
        _call(
            (Kind.ANSWERED, 2, {}),
            (Kind.ANNOUNCING, 2, {}),
            (Kind.WAITING, 5, {}),
            (Kind.OVERFLOWED, 9, {"reason": "waited 4 s"}),
            (Kind.OVERFLOWED, 14, {"reason": "nobody logged in"}),
            (Kind.TALKING, 15, {"by": "first-1"}),
            (Kind.HELD, 20, {}),
            (Kind.TALKING, 22, {"by": "first-1"}),
            (Kind.PUT_THROUGH, 26, {"by": "second-1"}),
            (Kind.FORWARDED, 30, {"by": "mobile", "number": MOBILE}),
            (Kind.RECORDING, 40, {}),
            (Kind.RECORDED, 59, {"file": "2026/11/call-1.wav", "seconds": 18.5}),
            _hangup("caller"),
            end=60.25,
        )
    )
    assert cdr == Cdr(
        call_id="call-1",
        client="kanzlei",
        did=DID,
        direction="in",
        started_at=START,
        answered_at=START + timedelta(seconds=2),
        ended_at=START + timedelta(seconds=60),
        duration=Decimal("60.000"),
        ring=Decimal("2.000"),
        announcement=Decimal("3.000"),
        queue=Decimal("10.000"),
        talk=Decimal("9.000"),
        forwarded=Decimal("10.000"),
        machine=Decimal("20.000"),
        disposition=Disposition.ANSWERED,
        cause=16,
        hung_up_by="caller",
        answered_by="mobile",
        office_state="open",
        reason="open: Monday 08:00-18:00",
        recording="2026/11/call-1.wav",
        recording_seconds=Decimal("18.5"),
        withheld=False,
        caller=CALLER,
        caller_name=NAME,
        diverted_from=DIVERTING,
        forwarded_to=MOBILE,
        hold=Decimal("2.000"),
        put_through=Decimal("4.000"),
        overflow="waited 4 s; nobody logged in",
    )


@pytest.mark.parametrize(
    ("then", "disposition"),
    [
        ([_hangup("caller")], "abandoned"),
        ([(Kind.WAITING, 1, {}), _hangup("caller")], "abandoned"),
        ([(Kind.ANNOUNCING, 1, {}), (Kind.WAITING, 5, {}), _hangup("caller")], "abandoned"),
        ([(Kind.ANNOUNCING, 1, {}), _hangup("caller")], "announced"),
        ([(Kind.ANNOUNCING, 1, {}), _hangup("system", 1)], "announced"),
        ([(Kind.ANNOUNCING, 1, {}), (Kind.RECORDING, 5, {}), _hangup("caller")], "announced"),
        ([(Kind.ANNOUNCING, 1, {}), (Kind.RINGING, 5, {}), _hangup("system", 19)], "announced"),
        ([(Kind.RECORDING, 5, {}), (Kind.RECORDED, 9, {"file": "x.wav", "seconds": 3}), _hangup("caller")], "message"),
        ([(Kind.TALKING, 5, {"by": "first-1"}), _hangup("agent")], "answered"),
        ([(Kind.FORWARDED, 5, {"by": "mobile", "number": MOBILE}), _hangup("caller")], "forwarded"),
        ([(Kind.PUT_THROUGH, 5, {"by": "boss", "number": MOBILE}), _hangup("caller")], "forwarded"),
        ([(Kind.TALKING, 5, {"by": "a"}), (Kind.PUT_THROUGH, 9, {"number": MOBILE}), _hangup("caller")], "answered"),
        ([(Kind.WAITING, 1, {}), (Kind.CALLBACK_ASKED, 3, {}), _hangup("caller")], "callback"),
        ([(Kind.CALLBACK_ASKED, 3, {}), (Kind.ANNOUNCING, 4, {}), _hangup("system")], "callback"),
        ([_hangup("system", 19)], "failed"),
        ([], "failed"),
    ],
)
def test_how_the_call_ended_for_the_caller(then: list[tuple[Kind, float, dict[str, Any]]], disposition: str) -> None:
    """A person beats a message beats an announcement; who leaves while waiting has abandoned, whatever was heard."""
    assert build_cdr(_call(*then)).disposition == disposition


@pytest.mark.parametrize(
    ("then", "disposition"),
    [
        ([(Kind.LEG_DIALLED, 3, {}), _hangup("system", 19)], "unreached"),
        ([_hangup("caller", 17)], "unreached"),
        ([(Kind.TALKING, 5, {"by": "anna"}), _hangup("caller")], "answered"),
    ],
)
def test_how_a_call_of_ours_ended(then: list[tuple[Kind, float, dict[str, Any]]], disposition: str) -> None:
    """Nobody abandons a call that we make; its direction stands in the CDR."""
    arrived, *rest = _call(*then)
    cdr = build_cdr([replace(arrived, data={**arrived.data, "direction": "out"}), *rest])
    assert (cdr.direction, cdr.disposition.value) == ("out", disposition)


@pytest.mark.parametrize(
    ("then", "disposition"),
    [
        ([(Kind.ANNOUNCING, 1, {}), _hangup("system", 21)], "blocked"),
        ([_hangup("caller")], "blocked"),
        ([(Kind.TALKING, 5, {"by": "a"}), _hangup("caller")], "answered"),
    ],
)
def test_a_blocked_caller_has_a_disposition_of_its_own(
    then: list[tuple[Kind, float, dict[str, Any]]], disposition: str
) -> None:
    """It is neither lost nor abandoned, whoever hung up; what really happened beats the rule."""
    events = _call(*then)
    events[1] = replace(events[1], data={**events[1].data, "treatment": "block"})
    assert build_cdr(events).disposition == disposition


def test_where_a_caller_was_put_through_to_is_a_personal_value() -> None:
    """A number outside stands with the forwards, to be erased with them; an agent's telephone is none."""
    outside = (Kind.PUT_THROUGH, 9.0, {"number": MOBILE})
    inside = (Kind.PUT_THROUGH, 9.0, {"by": "second-1"})
    assert build_cdr(_call(outside)).forwarded_to == MOBILE
    assert build_cdr(_call(inside)).forwarded_to is None


def test_a_call_that_was_never_routed_has_a_cdr() -> None:
    """Death before the decision: only arrival and end are needed, and the rest says that it is not known."""
    cdr = build_cdr([event(0, Kind.ARRIVED, 0, dialled=DID, withheld=True), event(1, Kind.ENDED, 3)])
    assert (cdr.client, cdr.office_state, cdr.reason, cdr.hung_up_by, cdr.cause) == (None, None, "", "system", 0)
    assert (cdr.caller, cdr.withheld, cdr.duration) == (None, True, Decimal(3))


@pytest.mark.parametrize("kind", [Kind.ARRIVED, Kind.ENDED])
def test_a_call_without_arrival_or_end_has_none(kind: Kind) -> None:
    """A CDR is only for a call that is over, and whose beginning is known."""
    with pytest.raises(ValueError, match="arrival and its end"):
        build_cdr([event(0, kind, dialled=DID)])


def test_a_clock_set_back_does_not_end_a_call_before_it_began() -> None:
    """`ended_at` is never before `started_at`."""
    cdr = build_cdr(_call(end=-5))
    assert cdr.ended_at == cdr.started_at
    assert cdr.duration == 0


def test_the_order_in_which_events_are_read_back_does_not_matter() -> None:
    """Journal and database may hand events over in any order."""
    events = _call((Kind.ANSWERED, 1, {}), (Kind.TALKING, 1, {"by": "a"}), _hangup("caller"))
    assert build_cdr(list(reversed(events))) == build_cdr(events)


_times = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
_seconds = st.integers(0, 10**8).map(lambda millis: Decimal(millis) / 1000)
_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_cdrs = st.builds(
    Cdr,
    call_id=_text,
    client=st.none() | _text,
    did=_text,
    direction=st.just("in"),
    started_at=_times,
    answered_at=st.none() | _times,
    ended_at=_times,
    duration=_seconds,
    ring=_seconds,
    announcement=_seconds,
    queue=_seconds,
    talk=_seconds,
    forwarded=_seconds,
    machine=_seconds,
    disposition=st.sampled_from(Disposition),
    cause=st.integers(0, 127),
    hung_up_by=_text,
    answered_by=st.none() | _text,
    office_state=st.none() | _text,
    reason=_text,
    recording=st.none() | _text,
    recording_seconds=st.none() | _seconds,
    withheld=st.booleans(),
    caller=st.none() | _text,
    caller_name=st.none() | _text,
    diverted_from=st.none() | _text,
    forwarded_to=st.none() | _text,
    hold=st.none() | _seconds,
    put_through=st.none() | _seconds,
    overflow=st.none() | _text,
)


@given(_cdrs, st.binary(min_size=32, max_size=32))
def test_the_digest_survives_the_journal(cdr: Cdr, key: bytes) -> None:
    """Written as JSON and read back, the record and its digest are the same."""
    back = from_json(json.loads(json.dumps(to_json(cdr))))
    assert back == cdr
    assert digest(back, key) == digest(cdr, key)


@given(_cdrs, st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu"]))
def test_the_digest_does_not_depend_on_zone_or_notation(cdr: Cdr, zone: str) -> None:
    """A database may print times in its own zone and decimals with other zeros; the canonical bytes are the same."""
    moved = replace(
        cdr,
        started_at=cdr.started_at.astimezone(ZoneInfo(zone)),
        ended_at=cdr.ended_at.astimezone(ZoneInfo(zone)),
        talk=cdr.talk.quantize(Decimal("0.000000")),
        ring=cdr.ring.normalize(),
    )
    assert canonical(moved, KEY) == canonical(cdr, KEY)


@given(_cdrs)
def test_erased_personal_values_can_still_be_verified(cdr: Cdr) -> None:
    """The digest follows from the MACs alone: with the values and the key gone, it can be computed again."""
    kept = {name: personal_mac(name, getattr(cdr, name), KEY) for name in PERSONAL}
    bare = replace(cdr, caller=None, caller_name=None, diverted_from=None, forwarded_to=None)
    erased = json.loads(canonical(bare, b"another key"))
    again = json.dumps({**erased, **kept}, sort_keys=True, separators=(",", ":")).encode()
    assert again == canonical(cdr, KEY)


def _example() -> Cdr:
    return build_cdr(
        _call((Kind.FORWARDED, 5, {"by": "mobile", "number": MOBILE}), (Kind.ANSWERED, 5, {}), _hangup("caller"))
    )


def test_no_personal_value_stands_in_the_canonical_bytes() -> None:
    """Caller, name, diverting and forwarded number are there only as a MAC under the row's key."""
    written = canonical(_example(), KEY).decode()
    assert not [value for value in (CALLER, NAME, DIVERTING, MOBILE) if value in written]


def test_equal_personal_values_have_different_macs() -> None:
    """Under one key by their field, under different keys always: nothing can be compared across rows."""
    assert personal_mac("caller", CALLER, KEY) != personal_mac("forwarded_to", CALLER, KEY)
    assert personal_mac("caller", CALLER, KEY) != personal_mac("caller", CALLER, b"x" * 32)
    assert personal_mac("caller", None, KEY) is None


_CHANGES: dict[type, Any] = {
    str: "changed",
    int: 99,
    bool: True,
    Decimal: Decimal("99.999"),
    datetime: START + timedelta(days=1),
    Disposition: Disposition.FAILED,
    type(None): "changed",
}


@pytest.mark.parametrize("name", [field.name for field in fields(Cdr)])
def test_a_change_of_any_field_changes_the_digest(name: str) -> None:
    """Nothing in a CDR can be altered unnoticed."""
    cdr = _example()
    changed = replace(cdr, **{name: _CHANGES[type(getattr(cdr, name))]})
    assert digest(changed, KEY) != digest(cdr, KEY)


def test_the_canonical_form_never_changes() -> None:
    """Digests that are stored must be computed alike for ever: these bytes are the format of the first records."""
    bare = replace(
        _example(),
        caller=None,
        caller_name=None,
        diverted_from=None,
        forwarded_to=None,
        hold=None,
        put_through=None,
    )
    assert canonical(bare, KEY) == (
        b'{"announcement":"0.000","answered_at":"2026-11-23T09:00:05.000+00:00","answered_by":"mobile",'
        b'"call_id":"call-1","caller":null,"caller_name":null,"cause":16,"client":"kanzlei","did":"+498999998100",'
        b'"direction":"in","disposition":"forwarded","diverted_from":null,"duration":"60.000",'
        b'"ended_at":"2026-11-23T09:01:00.000+00:00","forwarded":"55.000","forwarded_to":null,"hung_up_by":"caller",'
        b'"machine":"0.000","office_state":"open","queue":"0.000","reason":"open: Monday 08:00-18:00",'
        b'"recording":null,"recording_seconds":null,"ring":"5.000","started_at":"2026-11-23T09:00:00.000+00:00",'
        b'"talk":"0.000","withheld":false}'
    )
    assert digest(bare, KEY) == hashlib.sha256(canonical(bare, KEY)).digest()
    assert personal_mac("caller", CALLER, KEY) == "a32b9f2a7e34fd5558572c2179c9d1c363560b562c9bbe845fd278feffb90357"


def test_younger_fields_stand_in_the_digest_where_they_are_told() -> None:
    """With a value they are sealed as all others are, zero included; without one nothing stands there."""
    written = json.loads(canonical(replace(_example(), overflow="waited"), KEY))
    assert (written["hold"], written["put_through"], written["overflow"]) == ("0.000", "0.000", "waited")
    assert "overflow" not in json.loads(canonical(_example(), KEY))


def test_a_record_of_an_earlier_version_is_read() -> None:
    """A journal may hold records from before an upgrade: what they do not tell is None, not an error."""
    young = ("hold", "put_through", "overflow")
    old = {name: value for name, value in to_json(_example()).items() if name not in young}
    assert from_json(old) == replace(_example(), hold=None, put_through=None)


def test_what_is_no_cdr_cannot_be_read() -> None:
    """A record with a missing, unknown or wrong field is an error, not a half-filled CDR."""
    good = to_json(_example())
    for bad in (
        {k: v for k, v in good.items() if k != "ring"},
        {k: v for k, v in good.items() if k != "did"},
        {**good, "extra": 1},
        {**good, "disposition": "lost"},
        {**good, "started_at": "yesterday"},
    ):
        with pytest.raises((ValueError, KeyError, TypeError)):
            from_json(bad)


def test_nobody_pays_for_the_taking_down() -> None:
    """A talk ends with the hang-up, however long it takes until the last channel is gone and the ledger is closed."""
    cdr = build_cdr(
        [
            event(0, Kind.ARRIVED, 0, dialled=DID),
            event(1, Kind.TALKING, 5, by="agent1"),
            event(2, Kind.HANGUP, 11, by="caller", cause=16),
            event(3, Kind.ENDED, 17),
        ]
    )
    assert (cdr.talk, cdr.duration, cdr.ended_at) == (Decimal(6), Decimal(11), START + timedelta(seconds=11))

"""The ledger made of what Asterisk wrote down."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.core.examples import DID, HOUSE, START, event, make_client
from vorzimmer.core.acd import Pool
from vorzimmer.core.cdr import Cdr, build_cdr
from vorzimmer.core.directory import Directory
from vorzimmer.core.ledger import Kind
from vorzimmer.core.plan import Incoming
from vorzimmer.core.routing import decide
from vorzimmer.core.witness import Voicemail, Witness, by_call, closing_events, events_of

CAUSE = "the journal was lost"


def told(call_id: str = "call-1", lasts: float = 20, answered: float | None = None) -> Witness:
    """Asterisk's record of a call that began at `START`: seconds it lasted, and after which it was answered."""
    return Witness(
        call_id=call_id,
        channel_id=call_id,
        linked_id=call_id,
        channel="PJSIP/trunk-00000001",
        did=DID,
        diverted="",
        caller="+4930111111",
        started_at=START,
        answered_at=None if answered is None else START + timedelta(seconds=answered),
        ended_at=START + timedelta(seconds=lasts),
        disposition="ANSWERED",
        application="Stasis",
    )


def completed(witness: Witness, voicemail: Voicemail | None = None) -> Cdr:
    """The CDR of a call of which our ledger knows nothing."""
    incoming = Incoming(DID, "+4930111111", None, withheld=False, diverted_from=None, looped=False)
    plan = decide(incoming, Directory((), (make_client(),)), HOUSE, Pool(), witness.started_at)
    return build_cdr(events_of(witness, incoming, plan, CAUSE, voicemail))


@pytest.mark.parametrize(
    ("witness", "voicemail", "disposition", "phases"),
    [
        (told(lasts=20), None, "abandoned", {"ring": 20}),
        (told(lasts=20, answered=5), None, "failed", {"ring": 5, "queue": 15}),
        (told(lasts=20, answered=0), None, "failed", {"queue": 20}),
        (told(lasts=20, answered=5), Voicemail("m.wav", Decimal(6)), "message", {"ring": 5, "queue": 9, "machine": 6}),
        (told(lasts=20, answered=5), Voicemail("m.wav", Decimal(90)), "message", {"ring": 5, "machine": 15}),
        (told(lasts=0), None, "abandoned", {}),
    ],
)
def test_no_talk_is_claimed(
    witness: Witness, voicemail: Voicemail | None, disposition: str, phases: dict[str, int]
) -> None:
    """Of a call nobody knows, the time before the answer is ring, after it queue, and a message found is machine."""
    cdr = completed(witness, voicemail)
    assert cdr.disposition == disposition
    found = {name: getattr(cdr, name) for name in ("ring", "announcement", "queue", "talk", "forwarded", "machine")}
    assert {name: seconds for name, seconds in found.items() if seconds} == phases
    assert (cdr.client, cdr.office_state, cdr.caller, cdr.answered_by) == ("kanzlei", "open", "+4930111111", None)
    assert (cdr.started_at, cdr.answered_at, cdr.ended_at) == (
        witness.started_at,
        witness.answered_at,
        witness.ended_at,
    )


def test_it_says_what_it_is() -> None:
    """A problem holds the cause, and the route's reason tells where the record comes from."""
    incoming = Incoming(DID, None, None, withheld=False, diverted_from=None, looped=False)
    plan = decide(incoming, Directory((), ()), HOUSE, Pool(), START)
    events = events_of(told(), incoming, plan, CAUSE, None)
    assert [each.data for each in events if each.kind is Kind.PROBLEM] == [
        {"what": "completed from Asterisk's own record: the journal was lost"}
    ]
    assert build_cdr(events).reason == "completed from Asterisk's own record"
    assert build_cdr(events).client is None


def test_completing_twice_gives_the_same() -> None:
    """Ids follow from the call, so the database takes the second time for the first; no two calls share one."""
    incoming = Incoming(DID, None, None, withheld=False, diverted_from=None, looped=False)
    plan = decide(incoming, Directory((), ()), HOUSE, Pool(), START)
    first, again, other = (
        events_of(told(call_id), incoming, plan, CAUSE, None) for call_id in ("call-1", "call-1", "call-2")
    )
    assert first == again
    assert len({each.id for each in [*first, *other]}) == len(first) + len(other)
    assert [each.seq for each in first] == list(range(len(first)))


ARRIVED = event(0, Kind.ARRIVED, 0, dialled=DID, caller="+4930111111")


def test_what_the_ledger_knows_stays() -> None:
    """A talk that had begun lasts until the end that Asterisk wrote down; nothing known is said twice."""
    known = [ARRIVED, event(1, Kind.ANSWERED, 3), event(2, Kind.TALKING, 3, by="first-1")]
    new = closing_events(told(lasts=63, answered=3), known, CAUSE, None)
    assert [(each.seq, each.kind) for each in new] == [(3, Kind.PROBLEM), (4, Kind.HANGUP), (5, Kind.ENDED)]
    cdr = build_cdr([*known, *new])
    assert (cdr.disposition.value, cdr.answered_by) == ("answered", "first-1")
    assert (cdr.talk, cdr.ring) == (Decimal(60), Decimal(3))


def test_what_the_ledger_lacks_is_added() -> None:
    """An answer that Asterisk knows, and a message that was found, come in; an end that we have stays ours."""
    new = closing_events(told(lasts=30, answered=3), [ARRIVED], CAUSE, Voicemail("m.wav", Decimal(10)))
    cdr = build_cdr([ARRIVED, *new])
    assert (cdr.disposition.value, cdr.recording, cdr.machine) == ("message", "m.wav", Decimal(10))
    assert cdr.answered_at == START + timedelta(seconds=3)
    ended = [ARRIVED, event(1, Kind.HANGUP, 19, by="caller", cause=16), event(2, Kind.ENDED, 19)]
    assert [each.kind for each in closing_events(told(lasts=20), ended, CAUSE, None)] == [Kind.PROBLEM]


def test_records_without_a_call_are_left_out() -> None:
    """A channel that did not pass our dialplan is no call of ours."""
    assert by_call([told(""), told("a"), told("b")]).keys() == {"a", "b"}


def test_several_records_of_a_call_span_from_first_to_last() -> None:
    """Whatever Asterisk splits a call into, it begins with the first, ends with the last, and is answered once."""
    later = replace(told(lasts=50, answered=30), started_at=START + timedelta(seconds=25), application="Record")
    for records in ([told(lasts=20, answered=5), later], [later, told(lasts=20, answered=5)]):
        joined = by_call(records)["call-1"]
        assert (joined.started_at, joined.ended_at) == (START, START + timedelta(seconds=50))
        assert (joined.answered_at, joined.application) == (START + timedelta(seconds=5), "Record")

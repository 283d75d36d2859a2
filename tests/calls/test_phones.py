"""Who is ringing, who talks, and who is told when that changes."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from vorzimmer.calls.phones import Phones
from vorzimmer.core.acd import Pool

CALL, OTHER = "call-1", "call-2"


@pytest.fixture
def phones() -> Phones:
    """Phones of which `agent9` cannot be reached."""
    return Phones(lambda: frozenset({"agent9"}))


def test_a_phone_is_taken_from_the_reservation_to_its_end(phones: Phones) -> None:
    """Reserved, ringing and talking all count as busy: two calls never ring the same phone."""
    unreachable = frozenset({"agent9"})
    assert phones.pool() == Pool(unreachable, frozenset())
    phones.reserve("agent1", CALL)
    assert phones.pool() == Pool(unreachable, frozenset({"agent1"}))
    phones.talk("agent1", CALL)
    assert phones.pool() == Pool(unreachable, frozenset({"agent1"}))
    phones.free("agent1", CALL)
    assert phones.pool() == Pool(unreachable, frozenset())


def test_only_a_ringing_phone_promises_to_be_decided_soon(phones: Phones) -> None:
    """A phone that rings will talk or be free within seconds, one that talks may not: only the first is waited for."""
    phones.reserve("agent1", CALL)
    assert phones.any_ringing(["agent1", "agent2"])
    assert not phones.any_ringing(["agent2"])
    phones.talk("agent1", CALL)
    assert not phones.any_ringing(["agent1"])
    phones.free("agent1", CALL)
    assert not phones.any_ringing(["agent1"])


def test_freeing_twice_is_harmless(phones: Phones) -> None:
    """A loser of a ring-all is freed when it loses and again at the end of the step."""
    phones.reserve("agent1", CALL)
    phones.free("agent1", CALL)
    phones.free("agent1", CALL)
    assert phones.pool().busy == frozenset()


def test_nobody_frees_what_another_call_holds(phones: Phones) -> None:
    """Two calls that came to want one phone: the end of the one does not free it from under the other."""
    phones.reserve("agent1", CALL)
    phones.reserve("agent1", OTHER)
    phones.free("agent1", OTHER)
    assert phones.pool().busy == {"agent1"}
    phones.talk("agent1", CALL)
    phones.keep_only(OTHER)
    assert phones.pool().busy == {"agent1"}


def test_a_call_keeps_only_the_phones_it_needs(phones: Phones) -> None:
    """What another process had rung is held until it is known whether it still rings; then the rest is free."""
    for endpoint in ("agent1", "agent2"):
        phones.reserve(endpoint, CALL)
    phones.reserve("agent3", OTHER)
    phones.keep_only(CALL, {"agent2"})
    assert phones.pool().busy == {"agent2", "agent3"}
    phones.keep_only(CALL)
    assert phones.pool().busy == {"agent3"}


async def test_one_waiting_call_is_woken_by_a_free_phone(phones: Phones) -> None:
    """Who has waited longest looks first, and the others sleep on: hundreds in line cost nothing at each change."""
    phones.reserve("agent1", CALL)
    with contextlib.ExitStack() as line:
        waits = [line.enter_context(phones.waiting(["agent1", "agent2"], impatient=False)) for _ in range(3)]
        waiting = [asyncio.ensure_future(wait(60)) for wait in waits]
        await asyncio.sleep(0)
        phones.talk("agent1", CALL)
        await asyncio.sleep(0)
        assert [one.done() for one in waiting] == [False, False, False]
        phones.free("agent1", CALL)
        await waiting[0]
        await asyncio.sleep(0)
        assert [one.done() for one in waiting] == [True, False, False]
        for one in waiting[1:]:
            one.cancel()


async def test_a_turn_that_is_not_taken_is_passed_on(phones: Phones) -> None:
    """A caller who hangs up when the phone gets free costs the next one nothing."""
    phones.reserve("agent1", CALL)
    with contextlib.ExitStack() as first:
        first.enter_context(phones.waiting(["agent1"], impatient=False))
        with phones.waiting(["agent1"], impatient=False) as second:
            waiting = asyncio.ensure_future(second(60))
            await asyncio.sleep(0)
            phones.free("agent1", CALL)
            await asyncio.sleep(0)
            assert not waiting.done()
            first.close()
            await waiting


async def test_who_waits_for_a_ringing_phone_hears_of_its_answer(phones: Phones) -> None:
    """Without a time to wait, a caller stays only while a phone rings: once it talks, the next of the chain is due."""
    phones.reserve("agent1", CALL)
    with phones.waiting(["agent1"], impatient=True) as impatient:
        waiting = asyncio.ensure_future(impatient(60))
        await asyncio.sleep(0)
        phones.talk("agent2", OTHER)
        await asyncio.sleep(0)
        assert not waiting.done()
        phones.talk("agent1", CALL)
        await waiting


async def test_waiting_ends_when_its_time_is_over(phones: Phones) -> None:
    """A caller is not kept waiting for a phone beyond the time set; reserving one is no change to wake for."""
    with phones.waiting(["agent1"], impatient=False) as look_again:
        waiting = asyncio.ensure_future(look_again(0.01))
        await asyncio.sleep(0)
        phones.reserve("agent1", CALL)
        with pytest.raises(TimeoutError):
            await waiting

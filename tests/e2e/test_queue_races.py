"""What two do at the same instant, over and over: never is an agent given two callers, nor a caller two agents."""

from __future__ import annotations

import asyncio
import random
from functools import partial

import pytest

from tests.e2e.house import House, eventually
from tests.e2e.test_calls import DID, client
from tests.e2e.test_queue import agent, queue
from tests.sipp import sound
from tests.sipp.incoming import Incoming

TIMES = 200


@pytest.mark.long
async def test_two_agents_answer_at_the_same_instant(house: House) -> None:
    """Two hundred times: one of them hears the caller, the other's telephone falls silent and is free again."""
    await house.use(client(queue(at_once=2)), agents=(agent(1), agent(2)))
    await house.start()
    await house.log_in("a1", "a2")
    phones = [await house.agent(1), await house.agent(2)]
    chance = random.Random(1)  # noqa: S311 - which of them is a few milliseconds later, the same in each run
    for n in range(TIMES):
        call = await house.call(DID)
        ringing = [await phone.invited() for phone in phones]
        late = chance.randrange(2)
        answers = (_answer(one, chance.random() * 0.01 * (place == late)) for place, one in enumerate(ringing))
        await asyncio.gather(*answers, return_exceptions=True)
        await call.answered()
        (loser,) = await eventually(partial(_ended, ringing), lambda ended: len(ended) == 1)
        (winner,) = [one for one in ringing if one is not loser]
        call.line.speak(sound.announcement(n % 50, 0.3))
        await winner.line.hears(sound.announcement(n % 50, 0.3))
        await call.hang_up()
        await winner.finished()
        await house.becomes("a1", "available")
        await house.becomes("a2", "available")
    cdrs = await house.cdrs(TIMES)
    assert {cdr["disposition"] for cdr in cdrs} == {"answered"}
    twice = "SELECT call_id FROM call_event WHERE kind = 'phase.talk' GROUP BY 1 HAVING count(*) > 1"
    assert await house.query(twice) == []


async def _answer(ringing: Incoming, delay: float) -> None:
    await asyncio.sleep(delay)
    await ringing.answer()


async def _ended(ringing: list[Incoming]) -> list[Incoming]:
    return [one for one in ringing if one.ended is not None]

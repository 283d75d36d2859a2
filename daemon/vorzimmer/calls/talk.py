"""An agent and a caller, from the first word to the last: hold, ask somebody, put through, all three, back again.

The caller's channel, the agent's leg and perhaps another one meet in the call's room; who is in it is the whole state
of a talk. What is asked for comes as a `Wish`, by keys and REFER (`calls.wishes`) or by the API; what happens by itself
is that somebody leaves or answers. One loop takes both, one after another, so that no two can cross.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any, assert_never

from vorzimmer.asterisk.errors import AriError
from vorzimmer.calls import agent_leg, moving, wishes
from vorzimmer.calls.hearing import CallerLeft
from vorzimmer.calls.leg import Leg
from vorzimmer.calls.reaching import answers, reach
from vorzimmer.calls.session import Session
from vorzimmer.calls.wish_box import Asked, WishBox
from vorzimmer.core.contact import Treatment
from vorzimmer.core.ledger import Kind
from vorzimmer.core.presence import State
from vorzimmer.core.talk import Back, Complete, HangUp, Hold, Join, Move, NotPossible, Retrieve, Transfer, Wish
from vorzimmer.core.targets import Attempt, NotAllowed, attempts


class Ending(Enum):
    """How a talk ends while the caller is still there."""

    OVER = auto()
    """Everybody who talked with the caller has left: so is the call."""
    UNREACHED = auto()
    """The agent has left, and nobody was reached to whom the caller was to be put through."""


_Reached = tuple[Attempt, Leg] | None

OVER = "the talk is over"
"""Why a wish is refused that nobody can do any more."""


class Talk:
    """One talk. `held`: the caller is outside the room; `other`: the third, who has answered."""

    def __init__(
        self, call: Session, leg: Leg, *, held: bool = False, other: tuple[Attempt, Leg] | None = None
    ) -> None:
        self.call = call
        self.leg = leg
        self.held = held
        self.other = other
        self.ending: Ending | None = None
        self._agent_there = True
        self._three = other is not None and not held
        self._reaching: asyncio.Task[_Reached] | None = None
        self._moving: asyncio.Task[Leg | None] | None = None
        self._wishes = WishBox()

    @property
    def agent(self) -> str:
        """The agent's id; empty once the agent has left."""
        return self.leg.agent if self._agent_there else ""

    async def ask(self, wish: Wish) -> None:
        """Have something done, and wait until it is.

        Raises:
            NotPossible: not in this state, or the talk is over.
            NotAllowed: the caller is not put through there.
        """
        if self.ending is not None or not self._agent_there:
            raise NotPossible("the agent has left this call")
        await self._wishes.put(wish)

    async def run(self) -> Ending:
        """Serve the talk until it is over. The agent's leg and the caller are in the room, or as was said."""
        self.call.exchange.talks[self.call.id] = self
        self._listening = self._listen()
        try:
            while self.ending is None:
                await self._one_thing()
            return self.ending
        finally:
            self.call.exchange.talks.pop(self.call.id, None)
            self._listening.cancel()
            if under_way := {task for task in (self._reaching, self._moving) if task is not None}:
                for task in under_way:
                    task.cancel()
                await asyncio.wait(under_way)
            agent_leg.stay(self.call, self.leg)
            self._wishes.refuse_all(OVER)

    def _listen(self) -> asyncio.Task[None]:
        return asyncio.create_task(wishes.listen(self.call, self.leg, self.ask, lambda: self.other_side))

    @property
    def other_side(self) -> str:
        """The channel that hears the keys which the agent presses."""
        return self.other[1].id if self.other is not None else self.call.id

    async def _one_thing(self) -> None:
        """Wait for the next thing that happens, and do what follows from it."""
        news = asyncio.ensure_future(self._wishes.filled())
        waits: set[asyncio.Future[Any]] = {news}
        if self._agent_there and (self.leg.is_living or self._moving is None):
            waits.add(self.leg.ended)
        if self._moving is not None:
            waits.add(self._moving)
        if self.other is not None:
            waits.add(self.other[1].ended)
        if self._reaching is not None:
            waits.add(self._reaching)
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
        if self._moving is not None and self._moving.done():
            await self._moved(self._moving)
        elif self._moving is None and self._agent_there and not self.leg.is_living:
            await self._agent_left()
        elif self.other is not None and not self.other[1].is_living:
            await self._other_left()
        elif self._reaching is not None and self._reaching.done():
            await self._reached(self._reaching)
        elif (asked := self._wishes.take()) is not None:
            await self._answer(asked)

    # What happens by itself

    async def _agent_left(self) -> None:
        self._agent_there = False
        if self._reaching is not None:
            return  # whoever is rung for the caller is waited for, as with a transfer without asking
        if self.other is None:
            await self._end()
        else:
            await self._leave_to_other()

    async def _moved(self, ringing: asyncio.Task[Leg | None]) -> None:
        """The agent's new telephone was answered, or not. A leg that was lost meanwhile is missed only now."""
        self._moving, before, after = None, self.leg, ringing.result()
        if after is None or not await moving.swap(self.call, before, after):
            self.call.record(Kind.WISH_REFUSED, to="", reason="the other telephone did not answer")
            agent_leg.stay(self.call, before)
            return
        self.leg = after
        self._listening.cancel()
        self._listening = self._listen()
        if self.held:
            self.call.record(Kind.HELD, leg=after.id, agent=after.agent, why="moved")
        else:
            self.call.record(Kind.TALKING, leg=after.id, by=after.agent, moved=True, three=self._three)
        # Last of all: a daemon that takes the call over in between finds the agent at the new one.
        with contextlib.suppress(AriError):
            await before.hang_up()

    async def _other_left(self) -> None:
        self.other, self._three = None, False
        if self._agent_there:
            await self._take_back()
        else:
            await self._end()

    async def _reached(self, reaching: asyncio.Task[_Reached]) -> None:
        self._reaching, reached = None, None
        try:
            reached = reaching.result()
        except AriError as error:
            self.call.record(Kind.PROBLEM, what="reaching", error=str(error))
        await self._stop_ringing()
        if reached is None:
            if self._agent_there:
                await self._take_back()
            else:
                self.ending = Ending.UNREACHED
            return
        self.other = reached
        attempt, leg = reached
        self.call.record(Kind.CONSULTED, leg=leg.id, by=attempt.who, number=attempt.target)
        if self._agent_there:
            await self.call.room.admit(leg.id)
        else:
            await self._leave_to_other()

    async def _leave_to_other(self) -> None:
        """Caller and third talk alone. A third agent has the talk now, and may put through in turn."""
        if self.other is None:
            return
        attempt, leg = self.other
        await self.call.room.admit(leg.id, keys_apart=bool(leg.agent))
        await self.call.talk_recording.talks_with(leg.agent)
        await self._bring_in()
        self._three = False
        if leg.agent:
            self.ending = Ending.OVER
            following = Talk(self.call, leg)
            self.call.record(Kind.TALKING, leg=leg.id, by=leg.agent, put_through=self.leg.agent)
            self.call.exchange.talks.pop(self.call.id, None)
            self.ending = await following.run()
            return
        self.call.record(Kind.PUT_THROUGH, leg=leg.id, by=attempt.who, number=attempt.target, agent=self.leg.agent)

    async def _end(self) -> None:
        await self.call.hang_up(16, by="callee")
        self.ending = Ending.OVER

    # What is asked for

    async def _answer(self, asked: Asked) -> None:
        try:
            await self._do(asked.wish)
        except (NotPossible, ValueError) as error:
            asked.say(error)
        except AriError as error:
            self.call.record(Kind.PROBLEM, what="wish", wish=type(asked.wish).__name__, error=str(error))
            asked.say(NotPossible(f"Asterisk refused: {error}"))
        else:
            asked.say()
        finally:
            asked.say(NotPossible(OVER))  # the caller left meanwhile: nobody else answers whoever asked

    async def _do(self, wish: Wish) -> None:
        match wish:
            case Hold():
                self._require(not self.held, "the caller is on hold already")
                await self._hold()
            case Retrieve():
                self._require(self.held, "the caller is not on hold")
                await self._take_back()
            case Transfer():
                await self._transfer(wish)
            case Complete():
                self._require(self.other is not None or self._reaching is not None, "nobody was asked")
                await self._leave()
            case Back():
                self._require(self.other is not None or self._reaching is not None, "nobody was asked")
                await self._take_back()
            case Join():
                self._require(self.other is not None and self.held, "nobody has answered who could join")
                third = [self.other[1].agent] if self.other is not None else []
                await self.call.talk_recording.talks_with(self.leg.agent, *third)
                await self._bring_in()
                self._three = True
                self.call.record(Kind.TALKING, leg=self.leg.id, by=self.leg.agent, three=True)
            case HangUp():
                await self._leave()
            case Move():
                self._require(self._moving is None, "the talk is being moved already")
                self._moving = moving.begin(self.call, self.leg, wish.endpoint)
            case _:
                assert_never(wish)

    @staticmethod
    def _require(true: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition, said where it is asked for
        if not true:
            raise NotPossible(otherwise)

    async def _hold(self, why: str = "hold") -> None:
        await self.call.talk_recording.talks_with()
        await self.call.room.send_out(self.call.id)
        self.held = True
        self.call.record(Kind.HELD, leg=self.leg.id, agent=self.leg.agent, why=why)
        await self.call.hearing.hold()

    async def _bring_in(self) -> None:
        """The caller is in the room again."""
        if self.held:
            await self.call.hearing.hush()
            if not await self.call.room.admit(self.call.id) and self.call.gone.is_set():
                raise CallerLeft
            self.held = False

    async def _take_back(self) -> None:
        """Whoever was brought in goes; caller and agent talk."""
        if self._reaching is not None:
            self._reaching.cancel()
            await asyncio.wait({self._reaching})
            self._reaching = None
            await self._stop_ringing()
        if self.other is not None:
            with contextlib.suppress(AriError):
                await self.other[1].hang_up()
            self.other, self._three = None, False
        await self.call.talk_recording.talks_with(self.leg.agent)
        if self.held:
            await self._bring_in()
            self.call.record(Kind.TALKING, leg=self.leg.id, by=self.leg.agent, again=True)

    async def _transfer(self, wish: Transfer) -> None:
        self._require(self.other is None and self._reaching is None, "somebody is being asked already")
        tries = self._attempts(wish.to)
        if not self.held:
            await self._hold("transfer")
        self.call.record(Kind.TRANSFERRING, to=wish.to, attended=wish.attended, agent=self.leg.agent)
        self._reaching = asyncio.create_task(reach(self.call, tries, alone=lambda: not self._agent_there))
        if wish.attended:
            with contextlib.suppress(AriError):
                await self.leg.channel.ring()
        elif wish.leaves:
            await self._leave()

    async def _stop_ringing(self) -> None:
        if self._agent_there:
            with contextlib.suppress(AriError):
                await self.leg.channel.stop_ringing()

    def _attempts(self, to: str) -> Sequence[Attempt]:
        exchange, client = self.call.exchange, self.call.client
        if client is None:
            raise NotPossible("the call belongs to no client")
        rule = client.rule_for(self.call.incoming.caller)
        if rule is not None and rule.treatment is Treatment.NEVER_PUT_THROUGH:
            raise NotAllowed("the client wants this caller never to be put through")
        tries = attempts(to, client, exchange.floor.agents, exchange.region, self.call.now())
        self._require(all(one.target != self.leg.agent for one in tries), "that is the agent's own telephone")
        busy = [one for one in tries if one.kind == "agent" and not self._is_free(one.target)]
        self._require(not busy, "that agent is not available")
        return tries

    def _is_free(self, agent: str) -> bool:
        return self.call.exchange.floor.presence(agent).state is State.AVAILABLE

    async def _leave(self) -> None:
        """The agent's part is done, wherever it was to go on; what follows is done when the leg has gone."""
        if self._moving is not None:
            self._moving.cancel()
            await asyncio.wait({self._moving})
            self._moving = None
            agent_leg.stay(self.call, self.leg)
        await self.leg.hang_up()

    # After the death of a daemon

    def go_on_reaching(self, attempt: Attempt, leg: Leg) -> None:
        """A telephone that another process had dialled goes on ringing."""

        async def wait() -> _Reached:
            found = await answers(self.call, attempt, leg, alone=lambda: not self._agent_there)
            return (attempt, leg) if found else None

        self._reaching = asyncio.create_task(wait())

    async def lose_agent(self) -> None:
        """The agent has left while nobody watched."""
        await self._agent_left()

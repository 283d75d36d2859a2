"""Carries commands out, each once: the same id gets the same answer, also while the first one is still under way."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from vorzimmer.control.commands import Command, Refused
from vorzimmer.control.peer import line_of, refusal
from vorzimmer.core.ports import Clock, Trouble
from vorzimmer.core.presence import NotNow

log = structlog.get_logger()

Handlers = Mapping[type[Command], Callable[[Any], Awaitable[Mapping[str, Any]]]]
"""What does each command and returns its result. A handler raises `Refused` or `NotNow`; a peer that leaves does not
cut it short."""

REMEMBERED = 60.0
"""Seconds for which the answer to a command's id is kept, from its arrival."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """A command that was taken, its answer once there is one, and until when (the loop's clock) it is remembered."""

    command: Command
    answer: asyncio.Task[bytes]
    until: float


class Answering:
    """The commands of all peers. `most`: how many answers are remembered at the same time."""

    def __init__(self, handlers: Handlers, clock: Clock, trouble: Trouble, most: int = 10_000) -> None:
        self._handlers = handlers
        self._clock = clock
        self._trouble = trouble
        self._most = most
        self._taken: OrderedDict[tuple[int, str], _Taken] = OrderedDict()
        self._running: set[asyncio.Task[bytes]] = set()

    async def answer(self, uid: int, command: Command) -> bytes:
        """The answer to a command of a peer (`uid` of its process). Cancelling this does not stop the command."""
        return await asyncio.shield(self._task(uid, command))

    def _task(self, uid: int, command: Command) -> asyncio.Task[bytes]:
        self._forget()
        before = self._taken.get((uid, command.id))
        if before is None:
            task = self._begin(uid, command)
            if not command.asks:
                until = asyncio.get_running_loop().time() + REMEMBERED
                self._taken[uid, command.id] = _Taken(command, task, until)
            return task
        if before.command == command:
            return before.answer
        return self._run(_refuse(command, Refused("id_in_use", "another command was sent under this id")))

    def _begin(self, uid: int, command: Command) -> asyncio.Task[bytes]:
        # What the peer says of itself is noted beside what the kernel says of it.
        return self._run(self._carry_out(command.model_copy(update={"actor": f"{command.actor} (uid {uid})"})))

    def _run(self, work: Any) -> asyncio.Task[bytes]:
        task: asyncio.Task[bytes] = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def _forget(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._taken:
            oldest = next(iter(self._taken.values()))
            if oldest.until > now and len(self._taken) < self._most:
                return
            self._taken.popitem(last=False)

    async def _carry_out(self, command: Command) -> bytes:
        try:
            answer = line_of({"id": command.id, "ok": True, "result": await self._result(command)})
        except Refused as refused:
            return await self._refused(command, refused)
        except NotNow as why:
            return await self._refused(command, Refused("not_now", str(why)))
        except Exception as error:
            log.exception("control.failed", do=command.do)
            self._trouble("control.failed", do=command.do, actor=command.actor, why=f"{type(error).__name__}: {error}")
            return await self._refused(command, Refused("failed", "a mistake of the daemon's: see its log"))
        _note(command, "done")
        return answer

    async def _result(self, command: Command) -> Mapping[str, Any]:
        if command.deadline is not None and self._clock() > command.deadline:
            raise Refused("too_late", f"the deadline {command.deadline.isoformat()} has passed")
        handler = self._handlers.get(type(command))
        if handler is None:
            raise Refused("not_available", f"{command.do} cannot be done here")
        return await handler(command)

    async def _refused(self, command: Command, refused: Refused) -> bytes:
        _note(command, refused.code)
        return await _refuse(command, refused)


async def _refuse(command: Command, refused: Refused) -> bytes:
    return refusal(command.id, refused)


def _note(command: Command, outcome: str) -> None:
    """Who did what. Questions change nothing and are not written down."""
    if not command.asks:
        about = command.model_dump(mode="json", exclude={"do", "actor", "deadline"}, exclude_none=True)
        log.info("control.command", do=command.do, actor=command.actor, outcome=outcome, about=about)

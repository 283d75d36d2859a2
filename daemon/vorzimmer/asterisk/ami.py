"""AMI: the manager interface, kept connected; for what ARI does not say, such as which telephones are there.

We ask for events of the class `system` only. Events of other classes carry numbers and names of callers unescaped,
so that a caller could forge whole events in them; whatever is decided about a call is decided on ARI's JSON.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from vorzimmer.asterisk.ami_wire import AmiError, Disconnected, Fields, Response, Wire, compose
from vorzimmer.asterisk.backoff import backoff

__all__ = ["Ami", "AmiError", "Disconnected", "Fields", "LoginRefused", "Response"]

log = structlog.get_logger()

CLASS = "system"
"""The only class of events we ask for and take."""

OnEvent = Callable[[Fields], None]


class LoginRefused(AmiError):
    """Asterisk does not know the user, the password is wrong, or the address is not allowed."""


class Ami:
    """A connection that is made again whenever it breaks.

    Args:
        host, port: of manager.conf.
        user, password: of an AMI user with `read = system` and `write = reporting`; more is not needed.
        timeout: seconds until an unanswered action counts as failed, and a silent connection as dead.
        ping: seconds between our own pings; a half-open connection is noticed after `ping + timeout`.
    """

    def __init__(
        self, host: str, port: int, user: str, password: str, *, timeout: float = 5.0, ping: float = 5.0
    ) -> None:
        self._host, self._port = host, port
        self._user, self._password = user, password
        self._timeout, self._ping = timeout, ping
        self._callbacks: list[OnEvent] = []
        self._wire: Wire | None = None
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self._down.set()
        self._pauses = backoff()
        self._logged = ""
        self.tried_at = 0.0
        """The loop's time when the connection was last tried or proven: the client itself is at work."""
        self.problem = "not connected yet"
        """Why there is no connection at the moment, as a sentence; empty when there is one."""

    @property
    def connected(self) -> bool:
        """Whether we are logged in and Asterisk is fully booted."""
        return self._up.is_set()

    async def ready(self) -> None:
        """Wait until `connected`."""
        await self._up.wait()

    async def gone(self) -> None:
        """Wait until not `connected`."""
        await self._down.wait()

    def on_event(self, callback: OnEvent) -> None:
        """Call `callback` with every event, in order. It must not block; what it raises is logged."""
        self._callbacks.append(callback)

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        while True:
            try:
                await self._session()
            except (OSError, AmiError) as error:
                self.problem = str(error) or type(error).__name__
            if self.problem != self._logged:
                log.warning("ami.down", host=self._host, port=self._port, problem=self.problem)
                self._logged = self.problem
            await asyncio.sleep(next(self._pauses))

    async def action(self, name: str, **fields: str | int | Sequence[str]) -> Response:
        """Do one action and wait for its whole answer, list entries included.

        An answer that says no is a `Response` with `success` False. A sequence sends its field once per item.

        Raises:
            ValueError: a value that could begin a line of its own, or an Originate without `Async`.
            Disconnected: there is no connection, or it broke before the answer; nothing is sent again.
            TimeoutError: no answer in time.
        """
        if self._wire is None or not self.connected:
            raise Disconnected(f"no connection to the manager interface: {self.problem}")
        return await self._ask(self._wire, name, **fields)

    async def _ask(self, wire: Wire, name: str, **fields: str | int | Sequence[str]) -> Response:
        action = compose(name, fields)
        try:
            async with asyncio.timeout(self._timeout):
                return await wire.ask(action)
        except TimeoutError:
            raise TimeoutError(f"no answer to {name} within {self._timeout:g} s") from None
        finally:
            wire.forget(action)

    async def _session(self) -> None:
        """Connect, log in, and ping until the connection breaks; returns only by raising."""
        loop = asyncio.get_running_loop()
        wire: Wire | None = None
        self.tried_at = loop.time()
        try:
            async with asyncio.timeout(self._timeout):
                _, wire = await loop.create_connection(lambda: Wire(self._dispatch), self._host, self._port)
                self._wire = wire
                await wire.greeted
            await self._login(wire)
            while not wire.lost.done():
                await asyncio.wait((wire.lost,), timeout=self._ping)
                await self._ask(wire, "Ping")
                self.tried_at = loop.time()
        except TimeoutError as error:
            raise AmiError(str(error) or f"no greeting within {self._timeout:g} s") from error
        finally:
            self._fall()
            if wire is not None:
                wire.drop("closed")

    async def _login(self, wire: Wire) -> None:
        answer = await self._ask(wire, "Login", Username=self._user, Secret=self._password, Events=CLASS)
        if not answer.success:
            raise LoginRefused(f"login as {self._user!r} refused: {answer.message}")
        if not self.connected:
            self.problem = "logged in, but Asterisk is still booting, or the AMI user may not read the class `system`"

    def _dispatch(self, event: Fields) -> None:
        """Take an event, if it is of the class we read and none of its headers stands twice."""
        classes = event.get("privilege", "")
        if not isinstance(classes, str) or CLASS not in classes.split(","):
            return
        if any(isinstance(value, tuple) for value in event.values()):
            log.warning("ami.event_refused", event_name=str(event.get("event")), why="a header stands twice")
            return
        if event.get("event") == "FullyBooted":
            self._rise()
        for callback in self._callbacks:
            try:
                callback(event)
            except Exception:
                log.exception("ami.callback_failed", event_name=event.get("event"))

    def _rise(self) -> None:
        self.problem = self._logged = ""
        self._pauses = backoff()
        self._down.clear()
        self._up.set()
        log.info("ami.up", host=self._host, port=self._port)

    def _fall(self) -> None:
        self._wire = None
        self._up.clear()
        self._down.set()

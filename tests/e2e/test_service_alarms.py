"""Alarms to the operator on the real house: what goes wrong is told once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.asterisk.registration import Registration
from tests.e2e.house import House, eventually
from tests.e2e.test_calls import DID, client
from tests.e2e.test_queue import queue
from vorzimmer.alarms import watch
from vorzimmer.control.commands import Wall
from vorzimmer.core import service_alarm
from vorzimmer.core.service_alarm import PATIENCE, Patience, What
from vorzimmer.sandbox.sandbox import Sandbox

ANNA: dict[str, Any] = {"id": "anna", "name": "Anna", "phones": ["softphone1"]}
OPERATOR = "operator@alarms.example"
SECOND = timedelta(seconds=1)


@pytest.fixture
def softphone(sandbox: Sandbox) -> Iterator[Registration]:
    """Anna's telephone, which answers nothing."""
    phone = Registration(sandbox.sip_port, "softphone1", sandbox.state.passwords["softphone1"], "anna")
    yield phone
    phone.close()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alarms after one second, and as often as there are any."""
    monkeypatch.setattr(watch, "EVERY", 0.2)
    monkeypatch.setattr(service_alarm, "APART", timedelta(0))
    monkeypatch.setitem(PATIENCE, What.NOBODY, Patience(SECOND, SECOND))


async def _is_reachable(house: House) -> bool:
    """Whether the calls process knows that Anna's telephone can be rung."""
    wall = await house.ask(Wall(actor="test"))
    return bool(wall["agents"][0]["reachable"])


async def test_a_caller_who_gives_up_and_a_telephone_that_goes_are_told_once(
    house: House, softphone: Registration
) -> None:
    """The caller had waited a second; of the last telephone also that it is back. Nothing is told twice."""
    alarm = house.settings.alarm.model_copy(update={"to": (OPERATOR,), "abandoned_after": 1})
    house.settings = house.settings.model_copy(update={"alarm": alarm})
    await asyncio.to_thread(softphone.register, 60)
    await house.use(client(queue(), music=True), agents=(ANNA,))
    await house.start()
    await eventually(lambda: _is_reachable(house), bool)
    await house.log_in("anna")

    call = await house.call(DID)
    await call.answered()
    await asyncio.sleep(1.2)  # the caller's patience
    await call.hang_up()
    assert (await house.cdr())["disposition"] == "abandoned"
    (told,) = await house.mails(1, to=OPERATOR)
    assert "a caller of mueller gave up after" in told["Subject"]

    await asyncio.to_thread(softphone.register, 0)
    assert "nobody can be reached of anna" in (await house.mails(2, to=OPERATOR))[-1]["Subject"]
    await asyncio.to_thread(softphone.register, 60)
    assert "over: nobody can be reached of anna" in (await house.mails(3, to=OPERATOR))[-1]["Subject"]
    await asyncio.to_thread(softphone.register, 0)

"""The agent's page over real calls: the pop at the first ring, the call steered from it, and what it must not show."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from tests.e2e.desk import Desk, Refusal, add_user
from tests.e2e.house import CALLER, House, eventually
from tests.e2e.outage import Cable
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from tests.sipp.phone import Phone
from vorzimmer.web.access import Role

ANNA: dict[str, Any] = {"id": "anna", "name": "Anna Weber", "phones": ["agent1", "agent3"], "wrap_up": 600}
BERT: dict[str, Any] = {"id": "bert", "name": "Bert Klein", "phones": ["agent2"]}

LAW: dict[str, Any] = {
    "id": "law",
    "name": "Kanzlei Müller",
    "dids": ["+4989123456"],
    "greeting": "Kanzlei Müller, guten Tag, mein Name ist Anna Weber.",
    "briefing": "Scheidungen: sofort durchstellen.",
    "contacts": [{"id": "chief", "name": "Frau Müller", "numbers": ["+49 89 555001"]}],
    "open": {"chain": [{"to": "queue"}, {"to": "machine"}]},
}


@contextlib.asynccontextmanager
async def cable_to_database(house: House) -> AsyncIterator[Cable]:
    """A line to the database that can be cut. What the test itself asks goes another way."""
    dsn = house.settings.database.dsn.get_secret_value()
    port = urlsplit(dsn).port
    assert port is not None
    async with Cable(port) as cable:
        database = house.settings.database.model_copy(
            update={"dsn": SecretStr(dsn.replace(f":{port}/", f":{cable.port}/"))}
        )
        house.settings = house.settings.model_copy(update={"database": database})
        yield cable
        await house.stop()


async def open_house(house: House) -> None:
    """Anna logs in at her desk, Bert does not; both have users."""
    await house.use(LAW, agents=(ANNA, BERT))
    for name in ("anna", "bert"):
        await add_user(house.settings, name, Role.AGENT, agent=name)
    await house.start()


async def test_the_client_is_on_the_screen_when_the_telephone_rings(house: House) -> None:
    """Greeting, briefing, contacts and caller are told by an event with the ringing, and are gone after wrap-up."""
    await open_house(house)
    telephone = await house.agent(1)
    async with Desk.open(house.settings, "anna") as desk, desk.watching():
        await desk.post("/agent/login")
        await desk.is_in("available")
        call = await house.call("+4989123456")
        ringing = await telephone.invited()
        ringing.ring()
        await desk.is_in("ringing")
        assert desk.pop is not None
        assert desk.pop["client"] == {"id": "law", "name": "Kanzlei Müller", "language": "de"}
        assert desk.pop["greeting"] == LAW["greeting"]
        assert desk.pop["briefing"] == LAW["briefing"]
        assert desk.pop["caller"] == CALLER
        assert [one["name"] for one in desk.pop["contacts"]] == ["Frau Müller"]
        assert desk.pop["contacts"][0]["can_be_put_through"]
        await ringing.answer()
        await desk.sees(lambda desk: bool(desk.view["call"]) and desk.view["call"]["mine"])
        await desk.post(f"/calls/{desk.view['call']['id']}/hangup")
        await call.finished()
        await desk.is_in("wrap_up")
        assert desk.view["call"]["over"]
        assert desk.pop is not None
        await desk.post("/agent/ready")
        await desk.is_in("available")
        assert desk.pop is None


async def test_a_talk_is_steered_from_the_page(house: House) -> None:
    """Hold, back, a transfer that is refused, a recording that is not allowed: each is done, or said why not."""
    await open_house(house)
    telephone = await house.agent(1)
    async with Desk.open(house.settings, "anna") as desk, desk.watching():
        await desk.post("/agent/login")
        call = await house.call("+4989123456")
        await (await telephone.invited()).answer()
        await desk.sees(lambda desk: bool(desk.view["call"]) and desk.view["call"]["mine"])
        path = f"/calls/{desk.view['call']['id']}"
        await desk.post(f"{path}/hold")
        await desk.sees(lambda desk: desk.view["call"]["held"])
        await desk.post(f"{path}/resume")
        await desk.sees(lambda desk: not desk.view["call"]["held"])
        with pytest.raises(Refusal, match="not_allowed"):
            await desk.post(f"{path}/transfer", to="+49900123456", attended=True)
        with pytest.raises(Refusal, match="409"):
            await desk.post(f"{path}/recording/start", consent="agent")
        await desk.post(f"{path}/result", result="spam")
        await call.hang_up()
        await desk.is_in("wrap_up")
    [row] = await eventually(lambda: house.query("SELECT result, by FROM call_result"), bool)
    assert row["result"] == "spam"
    assert row["by"].startswith("page:anna")


async def moving(house: House, desk: Desk, first: Phone, second: Phone) -> tuple[Outgoing, Incoming, Incoming]:
    """Anna talks at the first telephone, and the second rings for her to go on there."""
    await desk.post("/agent/login", phone="agent1")
    call = await house.call("+4989123456")
    before = await first.invited()
    await before.answer()
    await desk.sees(lambda desk: bool(desk.view["call"]) and desk.view["call"]["mine"])
    await desk.post(f"/calls/{desk.view['call']['id']}/move", phone="agent3")
    return call, before, await second.invited()


async def test_a_talk_moves_to_another_telephone(house: House) -> None:
    """The other telephone rings; once it is answered it has the talk, the first one is let go, and the call is one."""
    await open_house(house)
    first, second = await house.agent(1), await house.agent(3)
    async with Desk.open(house.settings, "anna") as desk, desk.watching():
        call, before, after = await moving(house, desk, first, second)
        await after.answer()
        await before.finished()
        await desk.sees(lambda desk: desk.view["phone"] == "agent3")
        assert desk.view["state"] == "talking"
        assert desk.view["call"]["mine"]
        await after.hang_up()
        await call.finished()
        await desk.is_in("wrap_up")
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["answered_by"]) == ("answered", "anna")


async def test_a_call_that_rings_goes_on_ringing_at_another_telephone(house: House) -> None:
    """The first rings anew, or falls silent; nothing is held against the agent; one that is not hers is refused."""
    await open_house(house)
    first, second = await house.agent(1), await house.agent(3)
    async with Desk.open(house.settings, "anna") as desk, desk.watching():
        await desk.post("/agent/login", phone="agent1")
        call = await house.call("+4989123456")
        before = await first.invited()
        before.ring()
        await desk.is_in("ringing")
        path = f"/calls/{desk.view['call']['id']}/move"
        with pytest.raises(Refusal, match="not_possible"):
            await desk.post(path, phone="agent2")
        await desk.post(path, phone="agent1")
        await before.finished()
        before = await first.invited()
        await desk.post(path, phone="agent3")
        after = await second.invited()
        await before.finished()
        await desk.sees(lambda desk: desk.view["phone"] == "agent3")
        assert desk.view["state"] == "ringing"
        await after.answer()
        await desk.sees(lambda desk: bool(desk.view["call"]) and desk.view["call"]["mine"])
        await call.hang_up()
        await after.finished()
        await desk.is_in("wrap_up")
    rows = await eventually(lambda: house.query("SELECT state FROM agent_event ORDER BY n"), lambda rows: len(rows) > 5)
    states = [row["state"] for row in rows]
    assert states == ["available", "reserved", "ringing", "ringing", "talking", "wrap_up"]


async def test_a_telephone_that_is_lost_while_the_talk_moves_costs_nothing(house: House) -> None:
    """Whoever hangs one telephone up to take the other has the caller there; nobody is cut off in between."""
    await open_house(house)
    first, second = await house.agent(1), await house.agent(3)
    async with Desk.open(house.settings, "anna") as desk, desk.watching():
        call, before, after = await moving(house, desk, first, second)
        await before.hang_up()
        await after.answer()
        await desk.sees(lambda desk: desk.view["phone"] == "agent3" and desk.view["state"] == "talking")
        await call.hang_up()
        await after.finished()
        await desk.is_in("wrap_up")


async def test_a_call_of_somebody_else_does_not_exist(house: House) -> None:
    """With the id of a colleague's call an agent sees and does nothing: it is answered like one that is no call's."""
    await open_house(house)
    telephone = await house.agent(1)
    async with Desk.open(house.settings, "anna") as anna, Desk.open(house.settings, "bert") as bert, anna.watching():
        await anna.post("/agent/login")
        call = await house.call("+4989123456")
        await (await telephone.invited()).answer()
        await anna.sees(lambda desk: bool(desk.view["call"]) and desk.view["call"]["mine"])
        answers = []
        for call_id in (anna.view["call"]["id"], "1700000000.1"):
            with pytest.raises(Refusal) as refused:
                await bert.post(f"/calls/{call_id}/hangup")
            with pytest.raises(Refusal) as unseen:
                await bert.get(f"/calls/{call_id}/history")
            answers.append((refused.value.status, refused.value.more, unseen.value.more))
        assert answers[0] == answers[1]
        assert anna.view["state"] == "talking"
        await call.hang_up()
        await anna.is_in("wrap_up")
    await house.cdr()


async def test_the_pop_needs_no_database(house: House) -> None:
    """While the database cannot be reached a known page takes a call with all that memory knows."""
    async with cable_to_database(house) as cable:
        await open_house(house)
        telephone = await house.agent(1)
        async with Desk.open(house.settings, "anna") as desk, desk.watching():
            await desk.post("/agent/login")
            await desk.is_in("available")
            await cable.cut()
            call = await house.call("+4989123456")
            ringing = await telephone.invited()
            ringing.ring()
            await desk.is_in("ringing")
            assert desk.pop is not None
            assert desk.pop["greeting"] == LAW["greeting"]
            await ringing.answer()
            await desk.sees(lambda desk: bool(desk.view["call"]) and desk.view["call"]["mine"])
            await desk.post(f"/calls/{desk.view['call']['id']}/hangup")
            await call.finished()

"""Voice menus on the real Asterisk: keys while the prompt plays and after it, wrong ones, none, nested, and deaths."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from tests.e2e.house import CALLER, House, eventually
from tests.e2e.outage import Cable
from tests.e2e.test_callback import listed
from tests.e2e.test_calls import DID, MACHINE, client, talking
from tests.e2e.test_queue import agent, events, queue
from tests.e2e.test_recovery import now
from tests.e2e.test_troubles import change
from tests.sipp import sound
from tests.sipp.outgoing import Outgoing
from vorzimmer.core.menu import Menu, names_in

Kill = Callable[[], Awaitable[None]]

GREETING, MAIN, DATES, WRONG = 20, 21, 22, 23
"""Sounds."""

CHIEF = "+4915112345678"
"""The number of a contact."""

TO_MAIN = {"to": "menu", "menu": "main"}


def menu(name: str = "main", keys: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A menu that is asked under its own name."""
    return {"id": name, "title": name.title(), "prompt": name, "keys": keys or {}, "timeout": 1, "repeats": 1, **more}


def asking(*menus: dict[str, Any], behind: dict[str, Any] = MACHINE, **more: Any) -> dict[str, Any]:
    """A client whose callers come into the menu `main`, and then to what is behind it."""
    names = {*names_in(Menu.model_validate(one) for one in menus), "greeting"}
    return client(TO_MAIN, behind, menus=menus, announcements=dict.fromkeys(names, "x.wav"), **more)


async def opened(house: House, of_client: dict[str, Any], *agents: dict[str, Any], seconds: float = 3.0) -> None:
    """A house with this client, whose prompts are so long; all agents are there."""
    await house.use(of_client, agents=agents)
    prepared = house.settings.paths.library / "mueller"
    prepared.mkdir()
    for name, seed in (("greeting", GREETING), ("main", MAIN), ("dates", DATES), ("wrong", WRONG)):
        lasts = 1.5 if seed == GREETING else seconds
        (prepared / f"{name}.alaw").write_bytes(sound.encode_alaw(sound.announcement(seed, lasts)))
    await house.start()
    await house.log_in(*(one["id"] for one in agents))


async def asked(call: Outgoing, seed: int = MAIN, since: float = 0.0, seconds: float = 1.0) -> None:
    """Wait until the caller has heard the beginning of a prompt."""
    await call.answered()
    await call.line.hears(sound.announcement(seed, 3.0)[: int(seconds * sound.RATE)], since=since)


async def left(house: House) -> list[tuple[str, str | None]]:
    """The menus that were left, and by which key."""
    return [(one["menu"], one["key"]) for one in await events(house, "menu.left")]


async def test_a_key_during_the_prompt_leads_to_another_team(house: House) -> None:
    """The prompt falls silent at once; the pledged agent of that team is rung, no other; later keys are the agent's."""
    teams = (
        agent(1, teams=["law"], pledged_on="2026-01-01"),
        agent(2, teams=["orders"]),
        agent(3, teams=["orders"], pledged_on="2026-01-01"),
    )
    to_orders = {"1": [queue(team="orders")], "2": [queue()]}
    await opened(house, asking(menu(keys=to_orders), team="law", secrecy=True, begin="answer"), *teams, seconds=20.0)
    others, phone = (await house.agent(1), await house.agent(2)), await house.agent(3)
    call = await house.call(DID)
    await asked(call, GREETING)
    call.line.press("2")  # before there is anything to press
    await asked(call)
    call.line.press("1")
    pressed = now()
    talk = await phone.invited()
    assert now() - pressed < 2.0
    await talk.answer()
    await talking(call, talk)
    assert sound.similarity(call.line.heard(pressed + 0.7), sound.announcement(MAIN, 20.0)) < 0.2
    call.line.press("2222222222222222222233")
    await talk.line.hears_keys("33")
    assert not any(other.incoming for other in others)
    await call.hang_up()
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["answered_by"]) == ("answered", "a3")
    assert cdr["announcement"] > Decimal(1)
    assert await left(house) == [("main", "1")]


async def test_wrong_keys_and_none_lead_on_after_the_repeats(house: House) -> None:
    """Nothing, then a wrong key among many: said so, asked again, and then what stands under `otherwise`."""
    keys = {"1": [queue()]}
    otherwise = [{"to": "announcement", "sound": "dates"}]
    await opened(house, asking(menu(keys=keys, repeats=2, wrong="wrong", otherwise=otherwise)), seconds=1.5)
    call = await house.call(DID)
    await asked(call)
    since = now()
    await asked(call, since=since + 1.0)
    call.line.press("9876543210*#9999")
    await call.line.hears(sound.announcement(WRONG, 1.5), since=since)
    await call.line.hears(sound.announcement(DATES, 1.5), since=since, patience=20.0)
    await eventually(lambda: events(house, "phase.machine"), bool)
    await call.hang_up()
    assert (await house.cdr())["disposition"] in ("message", "announced")
    first, second, third = [one["key"] for one in await events(house, "menu.missed")]
    assert (first, second) == (None, "9")
    assert third in "876543210*#9"  # pressed while the prompt was played again
    assert await left(house) == [("main", None)]


async def test_nested_back_and_hung_up(house: House) -> None:
    """Into a menu and back, and away from there: the caller is lost, and one CDR says so."""
    menus = menu(keys={"5": [{"to": "menu", "menu": "dates"}]}), menu("dates", {"0": [{"to": "back"}], "1": [queue()]})
    await opened(house, asking(*menus))
    call = await house.call(DID)
    await asked(call)
    call.line.press("5")
    await asked(call, DATES)
    call.line.press("0")
    back = now()
    await asked(call, since=back)
    await call.hang_up()
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["hung_up_by"]) == ("abandoned", "caller")
    assert cdr["ring"] + cdr["announcement"] == cdr["duration"]
    assert await left(house) == [("main", "5"), ("dates", "0")]


async def test_a_contact_who_is_not_there_and_one_who_is(house: House) -> None:
    """Its telephones ring outside, and the chain behind the menu goes on where nobody answers; a key accepts."""
    contacts = [{"id": "chief", "name": "Frau Müller", "numbers": [CHIEF], "seconds": 5}]
    keys = {"7": [{"to": "contact", "contact": "chief"}]}
    await opened(house, asking(menu(keys=keys), behind=TO_MAIN, contacts=contacts))
    outside = await house.trunk()
    call = await house.call(DID)
    await asked(call)
    call.line.press("7")
    first = await outside.invited()
    assert first.dialled == CHIEF
    again = now()
    first.reject(486)
    await asked(call, since=again)
    call.line.press("7")
    chief = await outside.invited()
    await chief.answer()
    chief.line.press("1")
    await talking(call, chief)
    await chief.hang_up()
    cdr = await house.cdr()
    assert (cdr["disposition"], cdr["forwarded_to"]) == ("forwarded", CHIEF)


async def test_a_promise_to_call_back(house: House) -> None:
    """Thanked, hung up and in the line; who gave a number that is never dialled goes on behind the menu."""
    keys = {"1": [{"to": "callback"}]}
    await opened(
        house,
        asking(menu(keys=keys), behind=queue(), hours={"mon": ["08:00-08:01"]}, override={"state": "open"}),
        agent(1),
    )
    phone = await house.agent(1)
    refused = await house.call(DID, "+499001234567")
    await asked(refused)
    refused.line.press("1")
    talk = await phone.invited()
    await talk.answer()
    await talking(refused, talk)
    call = await house.call(DID)
    await asked(call)
    call.line.press("1")
    assert (await call.finished()).by == "far"
    await refused.hang_up()
    assert [one["number"] for one in await listed(house)] == [CALLER]
    assert [cdr["disposition"] for cdr in await house.cdrs(2)] == ["answered", "callback"]


class TestKilled:
    """The daemon dies while a caller is in a menu, and the next one asks in that menu again."""

    async def test_in_a_nested_menu(self, house: House, kill: Kill) -> None:
        """Not at the beginning of the chain; the prompt is played anew, once, and a key leads on."""
        menus = (
            menu(keys={"5": [{"to": "menu", "menu": "dates"}]}),
            menu("dates", {"1": [queue()]}, timeout=10),
        )
        await opened(house, asking(*menus), agent(1), seconds=4.0)
        phone = await house.agent(1)
        call = await house.call(DID)
        await asked(call)
        call.line.press("5")
        await asked(call, DATES)
        await kill()
        call.line.press("1")  # heard by nobody
        await call.line.sent()
        back = now()
        await house.start()
        await asked(call, DATES, since=back)
        call.line.press("1")
        talk = await phone.invited()
        await talk.answer()
        await talking(call, talk)
        assert sound.similarity(call.line.heard(back), sound.announcement(MAIN, 4.0)) < 0.2
        await call.hang_up()
        cdr = await house.cdr()
        assert (cdr["disposition"], cdr["answered_by"]) == ("answered", "a1")
        assert await left(house) == [("main", "5"), ("dates", "1")]

    async def test_behind_a_key(self, house: House, kill: Kill) -> None:
        """The telephone that rings for the key's team rings on, and its agent talks with the caller."""
        await opened(house, asking(menu(keys={"1": [queue(team="orders")]})), agent(1, teams=["orders"]))
        phone = await house.agent(1)
        call = await house.call(DID)
        await asked(call)
        call.line.press("1")
        ringing = await phone.invited()
        ringing.ring()
        await eventually(lambda: events(house, "leg.ringing"), bool)
        await kill()
        await house.start()
        await ringing.answer()
        await talking(call, ringing)
        await call.hang_up()
        assert len(phone.incoming) == 1
        assert (await house.cdr())["answered_by"] == "a1"


async def test_a_gap_in_the_events(house: House) -> None:
    """The line to Asterisk is cut while the prompt plays: a key that nobody heard is asked for again."""
    async with Cable(int(house.settings.ari.url.rpartition(":")[2])) as cable:
        change(house, "ari", url=f"http://127.0.0.1:{cable.port}")
        await opened(house, asking(menu(keys={"1": [queue()]}, repeats=3)), agent(1), seconds=2.0)
        phone = await house.agent(1)
        call = await house.call(DID)
        await asked(call)
        await cable.cut()
        call.line.press("1")
        await call.line.sent()
        mended = now()
        cable.mend()
        await asked(call, since=mended)
        call.line.press("1")
        talk = await phone.invited()
        await talk.answer()
        await talking(call, talk)
        await call.hang_up()
        assert (await house.cdr())["answered_by"] == "a1"

"""Conversations at the keypad, with a real database and a dialplan made up here: who gets where, and what is left."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.service.conftest import PIN, Office
from vorzimmer.core.login import DRAFTS
from vorzimmer.core.login import PIN as PIN_ALLOWANCE
from vorzimmer.service.desk import CALLERS


async def draft(office: Office, client: str = "mueller") -> str:
    """A draft of the client, as the worker leaves it; its code."""
    rows = await office.query(
        "INSERT INTO announcement_version (client_id, name, production, state, item, test_code, created_by)"
        " VALUES ($1, 'greeting', 'upload', 'draft', '0123456789abcdef', $2, 'test') RETURNING test_code",
        client,
        f"77{len(client):04}",
    )
    return str(rows[0]["test_code"])


# Announcements that agents speak


async def test_what_is_accepted_waits_to_be_converted(office: Office) -> None:
    """Client, announcement, spoken, heard twice, once more, accepted: one version, and no file but that."""
    code = await office.code()
    anna = await office.call("record", f"{code}#8#" + "##" + "223" + "##" + "1" + "*")
    assert anna.done
    (row,) = await office.query("SELECT client_id, name, production, state, created_by FROM announcement_version")
    assert tuple(row) == ("mueller", "machine", "phone", "waiting", "phone:anna-desk")
    (noted,) = await office.query("SELECT actor, acting_as, client_id FROM audit WHERE what = 'announcement.add'")
    assert tuple(noted) == ("phone:anna-desk", "anna", "mueller")
    assert len(office.files()) == 1
    assert office.files()[0].startswith("uploads/")


@pytest.mark.parametrize(
    "keys", ["{}#!", "{}#1#!", "{}#1##!", "{}#1##2!", "{}#1##3!", "{}#1##*!", "{}#1#*!", "{}#*", "*", "!"]
)
async def test_an_agent_who_leaves_anywhere_leaves_no_file(office: Office, keys: str) -> None:
    """Hung up or left by the star, before, while and after speaking: nothing is kept that was not accepted."""
    await office.call("record", keys.format(await office.code()))
    assert office.files() == []
    assert await office.query("SELECT FROM announcement_version") == []


async def test_two_agents_speak_the_same_announcement_at_once(office: Office) -> None:
    """Both are kept, and somebody chooses by approving one."""
    keys = f"{await office.code()}#1###1*"
    await asyncio.gather(office.call("record", keys), office.call("record", keys))
    rows = await office.query("SELECT name, state FROM announcement_version")
    assert [tuple(row) for row in rows] == [("greeting", "waiting")] * 2
    assert len(office.files()) == 2


async def test_a_client_that_is_not_the_agents_is_like_none(office: Office) -> None:
    """Without a pledge a client with secrecy is no more there than one that does not exist; so is its draft."""
    heard = [(await office.call("record", f"{code}#__")).played for code in (await office.code("geheim"), "9999")]
    assert heard[0] == heard[1]
    assert "invalid" in heard[0]
    secret, own = await draft(office, "geheim"), await draft(office)
    assert "0123456789abcdef" not in (await office.call(f"try/{secret}", "*")).played
    assert "0123456789abcdef" in (await office.call(f"try/{own}", "")).played


async def test_what_is_too_short_is_not_kept(office: Office) -> None:
    """A slip of the finger is said, and asked for again."""
    anna = await office.call("record", f"{await office.code()}#1#" + "###" * 2 + "*", seconds=0.5)
    assert anna.played.count("vm-tooshort") > 0
    assert office.files() == []


@pytest.mark.parametrize("script", ["record", "try/123456"])
async def test_a_strangers_telephone(office: Office, script: str) -> None:
    """A telephone that is nobody's is told so."""
    stranger = await office.call(script, "", at="softphone9")
    assert stranger.played == ["feature-not-avail-line"]
    assert stranger.done


# The service number


async def test_a_draft_is_heard_by_its_code_in_three_tries(office: Office) -> None:
    """Wrong codes are told; the third wrong one ends the call."""
    code = await draft(office)
    assert "0123456789abcdef" in (await office.call("line", f"000000#{code}#")).played
    wrong = await office.call("line", "000000#000001#000002#")
    assert wrong.played[-2:] == ["invalid", "vm-goodbye"]
    assert wrong.done


async def test_who_guesses_codes_is_slowed_down_under_any_number(office: Office) -> None:
    """Shown numbers cost nothing to change: the whole house counts, and then a right code is as good as a wrong one."""
    code = await draft(office)
    for n in range(DRAFTS.free // 3):
        await office.call("line", "000000#000001#000002#", number=f"+4930{n:04}")
    late = await office.call("line", f"{code}#*", number="+49309999")
    assert "0123456789abcdef" not in late.played
    office.clock.pass_by(hours=1)
    assert "0123456789abcdef" in (await office.call("line", f"{code}#", number="+49309999")).played


async def test_who_guesses_pins_is_slowed_down(office: Office) -> None:
    """Beyond the free tries even the right PIN is refused, for that client alone; later it is good again."""
    code = await office.code()
    for _ in range(PIN_ALLOWANCE.free):
        await office.call("line", f"{code}#000000#!")
    assert (await office.call("line", f"{code}#{PIN}#*")).played.count("vm-incorrect") == 1
    office.clock.pass_by(minutes=16)
    assert "vm-incorrect" not in (await office.call("line", f"{code}#{PIN}#9")).played


async def test_a_flood_of_keys_gets_nowhere(office: Office) -> None:
    """Hundreds of digits are wrong numbers like any other, and end the call."""
    flood = await office.call("line", "1234567890" * 50)
    assert flood.played[-1] == "vm-goodbye"


async def test_a_client_without_a_pin_has_no_way_in(office: Office) -> None:
    """No PIN is not an empty PIN."""
    code = await office.code("geheim")
    for pin in ("", "000000"):
        assert "vm-incorrect" in (await office.call("line", f"{code}#{pin}#*")).played


async def test_the_database_is_away(office: Office) -> None:
    """The dialplan apologises, for `VZ_DONE` is not set; nothing is counted as a wrong PIN by it."""
    code = await office.code()
    office.away = True
    for _ in range(PIN_ALLOWANCE.free + 1):
        assert not (await office.call("line", f"{code}#{PIN}#")).done
    office.away = False
    assert (await office.call("line", f"{code}#{PIN}#9")).done


async def test_callers_from_outside_do_not_keep_agents_out(office: Office) -> None:
    """So many may be at the service number at once; whoever is beyond gets the apology."""
    office.desk._callers = CALLERS  # what so many living calls would have counted
    assert not (await office.call("line", "1")).done
    assert (await office.call("record", "*")).done


async def test_a_notice_takes_the_place_of_the_one_before(office: Office) -> None:
    """There is one spoken notice, until midnight where the client is; its sound goes a week after its end."""
    keys = f"{await office.code()}#{PIN}#3##19"
    await office.call("line", keys)
    await office.call("line", keys)
    rows = await office.query("SELECT until, deleted_at, audio FROM client_notice ORDER BY created_at")
    assert [row["deleted_at"] is None for row in rows] == [False, True]
    assert rows[1]["until"] - office.clock() < timedelta(days=1)
    assert office.files() == sorted(f"recordings/{row['audio']}" for row in rows)

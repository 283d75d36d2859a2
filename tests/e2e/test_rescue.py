"""The daemon stays dead while calls stand in Asterisk: who talks goes on, who waits is answered by the dialplan."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import numpy as np

from tests.e2e.house import CALLER, House, eventually
from tests.e2e.outage import VORZIMMER, Process, serving, write_settings
from tests.e2e.test_away import all_taken_up, noted, notes
from tests.e2e.test_calls import MACHINE, OFFICE, client, talking, text_of
from tests.sipp import sound
from tests.sipp.call import Call
from tests.sipp.incoming import Incoming
from tests.sipp.outgoing import Outgoing
from vorzimmer.asterisk.http_requests import HttpRequests
from vorzimmer.asterisk.objects import Channels, Recordings
from vorzimmer.calls.rescue import AGAIN, PATIENCE, is_ready
from vorzimmer.core.rescue import message_of
from vorzimmer.settings_telling import Alarm

GROUPS = (OFFICE, {"id": "home", "endpoints": ["agent2"]}, {"id": "away", "endpoints": ["agent3"]})
DIDS = {name: f"+49891234{number}" for number, name in enumerate(("talks", "music", "rings", "lonely", "records"))}
SEEDS = {name: 50 + number for number, name in enumerate(DIDS)}
WORDS = 1.5
"""Seconds of each client's announcement."""

SLACK = 20.0
"""Seconds more than the rescue itself takes: for the announcement, and a machine with much to do."""


def words(name: str) -> sound.Samples:
    """A client's announcement."""
    return sound.announcement(SEEDS[name], WORDS)


async def open_house(house: House) -> None:
    """A client for each way to be left behind; all have an answering machine at the end."""

    def one(name: str, *chain: dict[str, Any], **more: Any) -> dict[str, Any]:
        patient = MACHINE | {"silence": 60}
        return client(*chain, patient, id=name, dids=[DIDS[name]], announcements={"machine": "m.wav"}, **more)

    def rings(name: str, wait: int = 0) -> dict[str, Any]:
        return {"to": "group", "group": name, "seconds": 120, "wait": wait}

    await house.use(
        one("talks", rings("office")),
        one("music", rings("office", wait=120), music=True),
        one("rings", rings("home")),
        one("lonely", rings("away")),
        one("records"),
        groups=GROUPS,
    )
    for name, seed in SEEDS.items():
        await house.announce(name, seconds=WORDS, machine=seed)


async def ready_for_all(house: House, daemon: Process) -> None:
    """Wait until the daemon takes calls, and the dialplan could do it alone."""
    await daemon.ready()
    folder = house.settings.paths.fallback / "did"

    async def missing() -> list[str]:
        return [did for did in DIDS.values() if not (folder / did[1:] / "announcement.alaw").exists()]

    await eventually(missing, lambda found: not found)


async def rescue_once(house: House) -> list[str]:
    """Run `vorzimmer rescue --once`; what it says it did, sorted, without the ids of calls and channels."""
    config = write_settings(house.settings, house.folder / "rescue.toml")
    process = await asyncio.create_subprocess_exec(
        VORZIMMER,
        "--config",
        config,
        "rescue",
        "--once",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        told, logged = await process.communicate()
    assert process.returncode == 0, logged
    return sorted(re.sub(r"\S*[0-9]+\.[0-9]+\S*", "…", line) for line in told.decode().splitlines())


def requests(house: House) -> HttpRequests:
    """A way to ask Asterisk while there is no daemon."""
    ari = house.settings.ari
    return HttpRequests(ari.url, ari.user, ari.password.get_secret_value())


async def recordings(house: House, count: int) -> None:
    """Wait until so many messages are being recorded."""
    async with requests(house) as rest:

        async def live() -> list[str]:
            names = [message_of(channel.id) for channel in await Channels(rest).list()]
            return [name for name in names if await Recordings(rest).live(name)]

        await eventually(live, lambda names: len(names) == count)


async def music(call: Call) -> None:
    """Wait until something is heard for a while."""
    await call.until("the answer", lambda: call.answered_at is not None)
    await call.line.until("music", lambda: np.abs(call.line.heard()).max(initial=0) > 500)


async def silence(call: Call) -> None:
    """Wait until nothing has been heard for half a second, which there never is in music; the beep passes."""

    def silent() -> bool:
        now = asyncio.get_running_loop().time()
        heard = call.line.heard(now - 0.5)
        return len(heard) > 2000 and np.abs(heard).max() < 100

    await call.line.until("silence", silent)


async def left_alone(house: House) -> tuple[dict[str, Outgoing], dict[str, Incoming]]:
    """Bring a call of each kind about: callers, and the phones that talk or ring for them."""
    phones = {name: await house.agent(number) for number, name in enumerate(("talks", "rings", "lonely"), 1)}
    calls: dict[str, Outgoing] = {}
    rung: dict[str, Incoming] = {}
    for name, phone in phones.items():
        calls[name] = await house.call(DIDS[name])
        rung[name] = await phone.invited()
        rung[name].ring()
        await calls[name].ringing(180)
    await rung["talks"].answer()
    await talking(calls["talks"], rung["talks"])
    calls["music"] = await house.call(DIDS["music"])
    await music(calls["music"])
    calls["records"] = await house.call(DIDS["records"])
    await calls["records"].line.hears(words("records"))
    await recordings(house, 1)
    return calls, rung


SENT = "… caller sent to the announcement"
LONELY = "… … hung up: nobody talks with it"


async def test_each_call_left_behind_finds_its_end(house: House) -> None:
    """The daemon is killed: a talk and a message go on; who waits gets the announcement; lonely phones fall silent."""
    await open_house(house)
    async with serving(house.settings, house.folder) as daemon:
        await ready_for_all(house, daemon)
        calls, rung = await left_alone(house)
        daemon.kill()
        await daemon.exit_status()
    await calls["lonely"].hang_up()
    assert rung["lonely"].ended is None
    began = asyncio.get_running_loop().time()

    assert await rescue_once(house) == [SENT, SENT, LONELY, LONELY]
    for name in ("rings", "lonely"):
        assert (await rung[name].finished()).by == "far"
    for name in ("music", "rings"):
        # Music under the words would show: alone they are found with nearly 1.
        await calls[name].line.hears(words(name), score=0.98, since=began)
    await noted(house, "recording=", 2)
    await silence(calls["music"])
    for name in ("music", "rings"):
        calls[name].line.speak(np.concatenate([np.zeros(4000, dtype=np.int16), sound.announcement(77, 1.5)]))
        await calls[name].line.sent()
        await calls[name].hang_up()
    await noted(house, "ended=", 2)
    assert len([file for file in notes(house) if file.suffix == ".wav"]) == 2

    await talking(calls["talks"], rung["talks"])
    await recordings(house, 1)
    assert await rescue_once(house) == ["nothing to do"]
    await rung["talks"].hang_up()
    calls["records"].line.press("#")
    await recordings(house, 0)
    assert (calls["talks"].ended, calls["records"].ended) == (None, None)
    assert await rescue_once(house) == [
        "… empty bridge … taken down",
        "… … hung up: the message is finished",
        "… … hung up: the other side has left",
    ]
    assert [(await calls[name].finished()).by for name in ("talks", "records")] == ["far", "far"]
    await house.quiet()

    await house.start()
    cdrs = {cdr["did"]: cdr["disposition"] for cdr in await house.cdrs(len(DIDS))}
    assert [cdrs[DIDS[name]] for name in ("talks", "music", "rings", "lonely")] == [
        *("answered", "message", "message", "abandoned"),
    ]
    await house.mails(len(DIDS))
    await all_taken_up(house)


async def test_what_is_noted_of_a_rescued_call(house: House) -> None:
    """The note tells all that a call's end record needs, with the real begin of the call and the instant of rescue."""
    await open_house(house)
    async with serving(house.settings, house.folder) as daemon:
        await ready_for_all(house, daemon)
        before = time.time()
        call = await house.call(DIDS["rings"])
        await (await house.agent(2)).invited()
        after = time.time()
        daemon.kill()
        await daemon.exit_status()
    assert await rescue_once(house) == [SENT, LONELY]
    await noted(house, "recording=")
    await call.hang_up()
    await noted(house, "ended=")
    note = next(file for file in notes(house) if file.suffix == ".call")
    told = [line.partition("=") for line in note.read_text().splitlines()]
    assert [key for key, _, _ in told] == [
        *("arrived", "did", "caller", "name", "presentation", "diverted"),
        *("rescued", "answered", "recording", "ended"),
    ]
    values = {key: value for key, _, value in told}
    assert (values["did"], values["caller"], values["diverted"]) == (DIDS["rings"], CALLER, "")
    assert before < float(values["arrived"]) < after
    assert after - 1 < float(values["rescued"]) <= float(values["answered"]) <= float(values["recording"])


LONGEST = 4 * 3600.0
"""Seconds that a channel may live."""


async def test_no_channel_lives_for_ever(house: House) -> None:
    """Callers and legs carry a limit from their first moment on, which ends them though nobody steers them."""
    await open_house(house)
    async with serving(house.settings, house.folder) as daemon:
        await ready_for_all(house, daemon)
        talk = await house.call(DIDS["talks"])
        talks = await (await house.agent(1)).invited()
        await talks.answer()
        await talking(talk, talks)
        call = await house.call(DIDS["rings"])
        rings = await (await house.agent(2)).invited()
        rings.ring()
        await call.ringing(180)
        daemon.kill()
        await daemon.exit_status()
    assert not any(one.ended for one in (talk, talks, call, rings))
    async with requests(house) as rest:
        channels = [channel.id for channel in await Channels(rest).list()]
        assert len(channels) == 4
        for channel in channels:
            path, limit = f"/channels/{channel}/variable", "TIMEOUT(absolute)"
            left = float((await rest.request("GET", path, variable=limit))["value"])
            assert LONGEST - 60 < left <= LONGEST
            await rest.request("POST", path, variable=limit, value=1)
    for one in (talk, talks, call, rings):
        assert (await one.finished()).by == "far"
    assert await rescue_once(house) == ["… empty bridge … taken down"]


@contextlib.asynccontextmanager
async def rescuing(house: House) -> AsyncIterator[None]:
    """Run `vorzimmer rescue` while inside; it must run to the end of that."""
    config = write_settings(house.settings, house.folder / "rescue.toml")
    with (house.folder / "rescue.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(VORZIMMER, "--config", config, "rescue", stderr=log)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        assert await process.wait() == -signal.SIGTERM


async def test_a_frozen_daemon_is_noticed(house: House) -> None:
    """It has its sockets and says nothing: its callers are looked after, later ones as well, and people are told."""
    house.settings = house.settings.model_copy(update={"alarm": Alarm(to=(house.address,))})
    await open_house(house)
    async with rescuing(house), serving(house.settings, house.folder) as daemon:
        await ready_for_all(house, daemon)
        assert await eventually(partial(is_ready, ready_url(house)), bool)
        first = await house.call(DIDS["rings"])
        rings = await (await house.agent(2)).invited()
        rings.ring()
        await first.ringing(180)
        daemon.freeze()
        await first.line.hears(words("rings"), patience=PATIENCE + SLACK)
        assert (await rings.finished()).by == "far"
        # Asterisk still takes the frozen process for one that listens: this caller, too, enters Stasis.
        second = await house.call(DIDS["lonely"])
        await second.line.hears(words("lonely"), patience=AGAIN + SLACK)
        await asyncio.gather(first.hang_up(), second.hang_up())
        await noted(house, "ended=", 2)
        [mail] = await house.mails()
        assert mail["Subject"].endswith("the daemon is away")
        assert "caller sent to the announcement" in text_of(mail)


def ready_url(house: House) -> str:
    """Where the daemon says whether it is ready."""
    return f"http://127.0.0.1:{house.settings.watch.calls}/ready"

"""What the daemon tells about itself while it takes real calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import orjson
import pytest

from tests.e2e.house import House, eventually
from tests.e2e.outage import VORZIMMER, Cable, serving, write_settings
from tests.e2e.test_calls import DID, OFFICE, client, group, talking
from tests.watching.scrape import Samples, read
from tests.watching.test_documents import TABLE, of_names


class Watcher:
    """Who asks both roles."""

    def __init__(self, house: House, session: aiohttp.ClientSession) -> None:
        self._watch = house.settings.watch
        self._session = session

    async def ask(self, path: str, port: int = 0) -> tuple[int, str]:
        """Status and body; of the role `calls` unless said otherwise."""
        async with self._session.get(f"http://127.0.0.1:{port or self._watch.calls}{path}") as answer:
            return answer.status, await answer.text()

    async def samples(self) -> Samples:
        """Everything that both roles expose."""
        pages = [(await self.ask("/metrics", port))[1] for port in (self._watch.worker, self._watch.calls)]
        return {**read(pages[0]), **read(pages[1])}

    async def sees(self, name: str, *labels: str, value: float) -> None:
        """Wait until a number is this."""

        async def look() -> float:
            return (await self.samples())[name, labels]

        await eventually(look, lambda seen: seen == value)


@pytest.fixture
async def watcher(house: House) -> AsyncIterator[Watcher]:
    """A watcher of the house."""
    async with aiohttp.ClientSession() as session:
        yield Watcher(house, session)


async def test_a_call_is_seen_from_its_arrival_to_the_mail(house: House, watcher: Watcher) -> None:
    """State, wait, disposition, journal and outbox follow a real call; nothing in the table is missing."""
    await house.use(client(group(wait=20)), groups=(OFFICE,))
    await house.start()
    assert await watcher.ask("/ready") == (200, "ready\n")
    await eventually(lambda: watcher.ask("/ready", house.settings.watch.worker), lambda seen: seen[0] == 200)
    phone = await house.agent(1)
    call = await house.call(DID)
    talk = await phone.invited()
    await watcher.sees("vorzimmer_calls", "ring", value=1)
    assert (await watcher.samples())["vorzimmer_longest_wait_seconds", ()] > 0
    await talk.answer()
    await talking(call, talk)
    await watcher.sees("vorzimmer_calls", "talk", value=1)
    await call.hang_up()
    await house.mails()
    await watcher.sees("vorzimmer_outbox_attempts_total", "sent", value=1)
    await watcher.sees("vorzimmer_journal_unshipped_records", value=0)
    samples = await watcher.samples()
    assert samples["vorzimmer_calls_begun_total", ()] == samples["vorzimmer_calls_ended_total", ("answered",)] == 1
    assert samples["vorzimmer_wait_seconds_count", ()] == samples["vorzimmer_ari_connects_total", ()] == 1
    assert samples["vorzimmer_shipped_records_total", ()] > 5
    histograms = {name.removesuffix("_bucket") for name, _ in samples if name.endswith("_bucket")}
    exposed = of_names(" ".join(name for name, _ in samples), histograms)
    assert exposed == of_names(TABLE, histograms)


async def test_ready_follows_the_line_to_asterisk(house: House, watcher: Watcher) -> None:
    """Not ready while no events come, with the reason; ready again by itself when they do."""
    async with Cable(int(house.settings.ari.url.rpartition(":")[2])) as cable:
        ari = house.settings.ari.model_copy(update={"url": f"http://127.0.0.1:{cable.port}"})
        house.settings = house.settings.model_copy(update={"ari": ari})
        await house.start()
        assert (await watcher.ask("/ready"))[0] == 200
        await cable.cut()
        told = await eventually(lambda: watcher.ask("/ready"), lambda seen: seen[0] == 503)
        assert told[1] == '["no events come from Asterisk"]'
        assert (await watcher.ask("/live"))[0] == 200
        cable.mend()
        await eventually(lambda: watcher.ask("/ready"), lambda seen: seen[0] == 200)
        await watcher.sees("vorzimmer_ari_connects_total", value=2)
        await house.stop()


async def test_not_ready_before_asterisk_is_there(house: House, watcher: Watcher) -> None:
    """From its first moment on the daemon tells that it is not ready, while it waits for Asterisk."""
    async with Cable(int(house.settings.ari.url.rpartition(":")[2]), cut=True) as cable:
        ari = house.settings.ari.model_copy(update={"url": f"http://127.0.0.1:{cable.port}"})
        house.settings = house.settings.model_copy(update={"ari": ari})
        starting = asyncio.create_task(house.start())
        await cable.tried(1)
        status, told = await watcher.ask("/ready")
        assert status == 503
        assert "the living calls are not in hand yet" in told
        cable.mend()
        await starting
        assert (await watcher.ask("/ready"))[0] == 200
        await house.stop()


async def test_check_asks_the_running_daemon(house: House) -> None:
    """A person's `vorzimmer check` sees both roles ready, and nothing left lying, while they run."""
    await house.start()
    config = write_settings(house.settings, house.folder / "vorzimmer.toml")
    asked = await asyncio.create_subprocess_exec(
        VORZIMMER, f"--config={config}", "check", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    told, _ = await asked.communicate()
    lines = told.decode().splitlines()
    assert {"ok     role calls: ready", "ok     role worker: ready", "ok     messages: 0 wait"} <= set(lines)
    assert "ok     journal: 0 records on their way" in lines


async def test_one_call_is_one_thread_in_the_log(house: House) -> None:
    """From the INVITE to the mail every line names the call; the first one has SIP's own id beside it."""
    await house.use(client(group(wait=20)), groups=(OFFICE,))
    async with serving(house.settings, house.folder) as daemon:
        await daemon.ready()
        phone = await house.agent(1)
        call = await house.call(DID)
        talk = await phone.invited()
        await talk.answer()
        await talking(call, talk)
        await call.hang_up()
        [row] = await house.cdrs()
        await house.mails()
        daemon.terminate()
        await daemon.exit_status()
    lines = [orjson.loads(line) for line in daemon.log.splitlines()]
    told = [line["event"] for line in lines if line.get("call_id") == row["call_id"]]
    assert (told[0], told[-2:]) == ("call.routed", ["call.ended", "outbox.sent"])
    assert next(line for line in lines if line["event"] == "call.routed")["sip_call_id"]
    assert not {line["event"] for line in lines if line["event"].startswith(("call.", "outbox."))} - {*told}

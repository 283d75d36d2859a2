"""The page that watchers read, over real HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from tests.e2e.house import eventually
from tests.notify.conftest import Troubles
from tests.watching.scrape import read
from vorzimmer.sandbox.ports import free
from vorzimmer.watching import exposition
from vorzimmer.watching.exposition import serving
from vorzimmer.watching.process import Process
from vorzimmer.watching.readings import Ready


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """Who asks."""
    async with aiohttp.ClientSession() as session:
        yield session


async def get(client: aiohttp.ClientSession, port: int, path: str) -> tuple[int, str]:
    """Status and body."""
    async with client.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def test_the_pages(client: aiohttp.ClientSession) -> None:
    """Readiness is told with its reasons, life by any answer, numbers as Prometheus reads them."""
    reasons: list[str] = []
    registry, port = CollectorRegistry(), free()
    Counter("things", "Things", registry=registry).inc(3)
    registry.register(Ready(lambda: reasons))
    async with serving(port, registry, lambda: reasons, Troubles()):
        assert await get(client, port, "/ready") == (200, "ready\n")
        assert read((await get(client, port, "/metrics"))[1])["vorzimmer_ready", ()] == 1
        reasons.append("Asterisk is away")
        assert await get(client, port, "/ready") == (503, '["Asterisk is away"]')
        assert await get(client, port, "/live") == (200, "live\n")
        samples = read((await get(client, port, "/metrics"))[1])
        assert (samples["things_total", ()], samples["vorzimmer_ready", ()]) == (3, 0)
        assert (await get(client, port, "/"))[0] == 404
    with pytest.raises(aiohttp.ClientConnectionError):
        await get(client, port, "/live")


async def test_only_this_machine_is_answered() -> None:
    """Nobody listens on any other address than 127.0.0.1."""
    port = free()
    async with serving(port, CollectorRegistry(), list, Troubles()):
        with socket.socket() as other:
            other.bind(("127.0.0.2", port))  # would be refused if it listened everywhere


async def test_a_port_in_use_stops_nothing(client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon goes on and says so once; as soon as the port is free, it answers there."""
    monkeypatch.setattr(exposition, "AGAIN", 0.01)
    troubles = Troubles()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with serving(port, CollectorRegistry(), list, troubles):
            ((event, about),) = troubles
            assert (event, about["port"]) == ("watching.port_refused", port)
            assert "address already in use" in about["why"]
            taken.close()

            async def live() -> str:
                try:
                    return (await get(client, port, "/live"))[1]
                except aiohttp.ClientConnectionError:
                    return "nobody"

            await eventually(live, lambda answer: answer == "live\n")
    assert len(troubles) == 1


async def test_ends_although_the_port_never_became_free() -> None:
    """Waiting for the port does not hold up the end."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with asyncio.timeout(5), serving(taken.getsockname()[1], CollectorRegistry(), list, Troubles()):
            pass


async def test_no_port_is_asked_for() -> None:
    """With port 0 nothing listens and nothing is said."""
    troubles = Troubles()
    async with serving(0, CollectorRegistry(), list, troubles):
        pass
    assert troubles == []


def test_the_process_knows_itself() -> None:
    """Prometheus' usual names for memory, time and descriptors, without reading anything outside /proc/self."""
    names = {family.name: family.samples[0].value for family in Process(123.0).collect()}
    assert names["process_start_time_seconds"] == 123
    assert 0 < names["process_open_fds"] < names["process_max_fds"]
    assert names["process_resident_memory_bytes"] > 10_000_000
    assert names["process_cpu_seconds"] > 0

"""`vorzimmer alarm test`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import SETTINGS, Vorzimmer
from tests.notify.webhook_receiver import Receiver

# apprise imports a module that Python is going to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def service() -> Iterator[Receiver]:
    """A chat service, in a thread of its own: a command has a loop of its own."""
    receiver, opened, over = Receiver(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def stay() -> None:
        async with receiver:
            opened.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(stay(),))
    thread.start()
    assert opened.wait(10)
    yield receiver
    loop.call_soon_threadsafe(over.set)
    thread.join(10)
    loop.close()


def test_each_way_is_tried_and_told(run: Vorzimmer, service: Receiver, tmp_path: Path) -> None:
    """What arrived, what did not and why; the passwords in addresses are not shown."""
    file = tmp_path / "vorzimmer.toml"
    urls = f'["json://127.0.0.1:{service.port}/tok3n", "nonsense://tok3n"]'
    text = SETTINGS.format(dsn="postgresql://x", folder=tmp_path)
    file.write_text(f'{text}[smtp]\nport = 1\n[alarm]\nto = ["anna@operator.example"]\nurls = {urls}\n')
    result = run("--config", file, "alarm", "test")
    assert result.exit_code == 1
    mail, good, bad = result.output.splitlines()
    assert mail.startswith("anna@operator.example: ")
    assert "sent" not in mail
    assert (good, bad.partition(":")[0]) == ("json (1): sent", "nonsense (2)")
    assert "tok3n" not in result.output
    assert service.got[0].said["title"] == "Vorzimmer: test of the alarms"


def test_without_anybody_to_tell_it_says_so(vorzimmer: Vorzimmer) -> None:
    """Nothing was tried."""
    result = vorzimmer("alarm", "test")
    assert (result.exit_code, "alarm.to" in result.output) == (1, True)

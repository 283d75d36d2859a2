"""Alarms by chat services, with apprise's plainest one against a server of ours."""

from __future__ import annotations

import logging
import threading

import pytest

from tests.notify.post_office import PostOffice
from tests.notify.webhook_receiver import Receiver
from vorzimmer.notify import chat
from vorzimmer.notify.alarm import send_alarm
from vorzimmer.notify.chat import NOT_A_URL, names, send_chat
from vorzimmer.notify.smtp import Server

# apprise imports a module that Python is going to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

TOKEN = "tok3n-of-the-operator"


async def test_a_service_gets_subject_and_lines() -> None:
    """In one message; what came from outside is harmless lines."""
    async with Receiver() as service:
        url = f"json://127.0.0.1:{service.port}/{TOKEN}"
        assert await send_chat([url], "the trunk\nis away", ["since 10:00", "look\x1b[31m at it"]) == {}
    (got,) = service.got
    assert got.path == f"/{TOKEN}"
    assert (got.said["title"], got.said["message"]) == ("the trunk is away", "since 10:00\nlook [31m at it")


async def test_what_fails_is_told_by_a_name_without_the_password(caplog: pytest.LogCaptureFixture) -> None:
    """The others still get theirs; neither the answer nor the log holds the address."""
    caplog.set_level(logging.DEBUG)
    async with Receiver() as service:
        service.answers = [(500, {})]
        refused = f"json://127.0.0.1:{service.port}/{TOKEN}"
        failed = await send_chat([refused], "subject", ["line"])
        assert failed == {"json (1)": "was not taken"}
        urls = [f"nonsense://{TOKEN}", refused, f"slack://{TOKEN}"]
        failed = await send_chat(urls, "subject", ["line"])
    assert failed == {"nonsense (1)": NOT_A_URL, "slack (3)": NOT_A_URL}
    assert names(urls) == ["nonsense (1)", "json (2)", "slack (3)"]
    assert TOKEN not in caplog.text + str(failed)


async def test_a_service_that_breaks_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a library does, and however long it takes."""

    def broken(*_: str) -> None:
        raise RuntimeError(TOKEN)

    monkeypatch.setattr(
        chat, "import_module", lambda _: type("A", (), {"Apprise": type("B", (), {"instantiate": broken})})
    )
    assert await send_chat([f"json://{TOKEN}"], "subject", ["line"]) == {"json (1)": "failed: RuntimeError"}
    waited = threading.Event()
    monkeypatch.setattr(chat, "_notify", lambda *_: waited.wait(10))
    monkeypatch.setattr(chat, "SECONDS", 0.05)
    assert await send_chat([f"json://{TOKEN}"], "subject", ["line"]) == {"json (1)": "took longer than 0.05 s"}
    waited.set()


async def test_a_long_alarm_is_cut() -> None:
    """What a service would refuse tells nobody anything."""
    async with Receiver() as service:
        assert await send_chat([f"json://127.0.0.1:{service.port}/"], "s", ["x" * 80] * 1000) == {}
    assert len(service.got[0].said["message"]) == chat.LONGEST


async def test_an_alarm_goes_by_mail_and_by_chat(office: PostOffice) -> None:
    """Both at once; one that fails costs the other nothing."""
    async with Receiver() as service:
        chats = [f"json://127.0.0.1:{service.port}/"]
        server = Server("127.0.0.1", office.port, timeout=2.0)
        assert await send_alarm(server, "a@b.example", ["anna@op.example"], "s", ["line"], chats) == {}
        office.answers = ["550 unknown"]
        failed = await send_alarm(server, "a@b.example", ["anna@op.example"], "s", ["line"], chats)
    assert failed.keys() == {"anna@op.example"}
    assert (len(office.envelopes), len(service.got)) == (1, 2)

"""`vorzimmer message`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.cli.conftest import Vorzimmer


async def _put(dsn: str, state: str, channel: str, recipient: str, detail: str, copy: bytes | None) -> int:
    conn = await asyncpg.connect(dsn)
    try:
        message: int = await conn.fetchval(
            "INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id, state,"
            " attempts)"
            " VALUES ('c1', 'law', $1, $2, 'de', '{\"x\": 1}', gen_random_uuid()::text, $3, 1) RETURNING id",
            channel,
            recipient,
            state,
        )
        await conn.execute(
            "INSERT INTO outbox_attempt (outbox_id, outcome, detail) VALUES ($1, $2, $3)",
            message,
            "sent" if state == "sent" else "dead",
            detail,
        )
        if copy is not None:
            await conn.execute("INSERT INTO outbox_copy VALUES ($1, now(), 'message/rfc822', $2)", message, copy)
    finally:
        await conn.close()
    return message


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """In a loop of its own."""
    return asyncio.run(work)


@pytest.fixture
def messages(dsn: str) -> list[int]:
    """One that was sent, three that were given up."""
    mail = b"Subject: Anruf\nContent-Type: text/plain; charset=utf-8\n\nErika Muster hat angerufen.\n"
    return [
        run(_put(dsn, *one))
        for one in (
            ("sent", "email", "a@law.example", "250 OK\x1b[31m", mail),
            ("dead", "webhook", "https://shop.example/1", "410 Gone", None),
            ("dead", "webhook", "https://shop.example/2", "410 Gone", None),
            ("dead", "sms", "+491701112223", "no such number", None),
        )
    ]


def states(vorzimmer: Vorzimmer) -> list[str]:
    """Of all messages, the oldest first."""
    return [json.loads(line)["state"] for line in vorzimmer("message", "list", "--json").output.splitlines()][::-1]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], 4),
        (["--state", "dead"], 3),
        (["--channel", "webhook"], 2),
        (["--client", "shop"], 0),
        (["--target", "shop.example", "--limit", "1"], 1),
    ],
    ids=["all", "dead", "channel", "client", "target"],
)
@pytest.mark.usefixtures("messages")
def test_messages_are_listed(vorzimmer: Vorzimmer, arguments: list[str], found: int) -> None:
    """By state, client, channel and target, for programs and for people."""
    assert len(vorzimmer("message", "list", "--json", *arguments).output.splitlines()) == found
    shown = vorzimmer("message", "list", *arguments).output.splitlines()
    assert len(shown) == found + 1 if found else shown == ["there is no such message"]
    assert "\x1b" not in "".join(shown)
    assert vorzimmer("message", "list", "--state", "lost").exit_code == 2


def test_a_message_is_shown_with_its_attempts(vorzimmer: Vorzimmer, messages: list[int], tmp_path: Path) -> None:
    """And with what was sent, word for word, or as a file."""
    told = vorzimmer("message", "show", messages[0]).output
    assert f"{messages[0]}: email to a@law.example for law" in told
    assert "sent: 250 OK\N{REPLACEMENT CHARACTER}[31m" in told
    assert "Subject: Anruf\n\nErika Muster hat angerufen.\n" in told
    file = tmp_path / "sent.eml"
    assert vorzimmer("message", "show", messages[0], "--save", file).exit_code == 0
    assert file.read_bytes().startswith(b"Subject: Anruf")
    assert "what was sent is not kept" in vorzimmer("message", "show", messages[1]).output
    missing = vorzimmer("message", "show", "999")
    assert (missing.exit_code, "there is no message 999" in missing.output) == (1, True)


def test_messages_are_sent_again(vorzimmer: Vorzimmer, messages: list[int]) -> None:
    """One by one, or all of a target; what was sent is not; who did it stands in the trail."""
    again = vorzimmer("message", "resend", messages[3], messages[0])
    assert again.exit_code == 1
    assert again.output.splitlines() == [
        f"{messages[3]}: will be sent again",
        f"{messages[0]}: was not given up",
    ]
    assert vorzimmer("message", "resend", "--all", "--target", "shop.example").output == "2 will be sent again\n"
    assert states(vorzimmer) == ["sent", "pending", "pending", "pending"]
    assert "message.resend" in vorzimmer("audit").output
    assert vorzimmer("message", "give-up", messages[3]).output == f"{messages[3]}: will not be sent\n"
    assert states(vorzimmer) == ["sent", "pending", "pending", "dead"]
    assert vorzimmer("message", "give-up", messages[0]).exit_code == 1


@pytest.mark.parametrize("arguments", [[], ["--all"], ["1", "--all", "--client", "law"], ["1", "--client", "law"]])
def test_sending_again_is_asked_for_plainly(vorzimmer: Vorzimmer, arguments: list[str]) -> None:
    """Messages, or all of something: never all by mistake."""
    assert vorzimmer("message", "resend", *arguments).exit_code == 2

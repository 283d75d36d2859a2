"""The tables `[alarm]` and `[webhook]` of the settings file: how the operator and clients' servers are told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, EmailStr, Field, SecretStr

from vorzimmer.settings_sections import Section


def _lines(value: object) -> object:
    """A list may be written a line each, as in a credential's file."""
    return value.split() if isinstance(value, str) else value


class Alarm(Section):
    """Whom of the operator's people to tell when something is missing, was lost or stands still; nobody: it is logged.

    `urls`: chat services, as apprise addresses them (docs/alarms.md); they hold passwords. What is told: a caller who
    gave up after `abandoned_after` seconds; more than `queue_waiting` callers in the line, or one for more than
    `queue_seconds`; 0: never.
    """

    to: tuple[EmailStr, ...] = ()
    urls: Annotated[tuple[SecretStr, ...], BeforeValidator(_lines)] = ()
    abandoned_after: Annotated[int, Field(ge=0, le=3600)] = 60
    queue_waiting: Annotated[int, Field(ge=0, le=1000)] = 10
    queue_seconds: Annotated[int, Field(ge=0, le=3600)] = 180

    @property
    def chats(self) -> tuple[str, ...]:
        """The addresses of the chat services, in plain."""
        return tuple(url.get_secret_value() for url in self.urls)


class Webhook(Section):
    """How clients' servers are told of calls. Only public addresses are connected to, by https.

    `private`: others too, and by http to this machine: for trying, or where clients are in the same network. `ca_file`:
    certificates (PEM) to trust besides the machine's.
    """

    private: bool = False
    ca_file: Path | None = None

"""Clients' replies by mail, where the settings name a domain for them."""

from __future__ import annotations

import contextlib
from functools import partial

import asyncpg

from vorzimmer.notify.replies import Replies, receiving
from vorzimmer.roles.running import now, trouble
from vorzimmer.settings import Settings

SECONDS = 10.0
"""How long the database may take; the mail server waits meanwhile."""


def replies(settings: Settings) -> contextlib.AbstractAsyncContextManager[None]:
    """Take them while inside."""
    if settings.replies.domain is None:
        return contextlib.nullcontext()
    dsn = settings.database.dsn.get_secret_value()
    connect = partial(asyncpg.connect, dsn, timeout=SECONDS, command_timeout=SECONDS)
    return receiving(Replies(connect, settings.replies.domain, now), settings.replies.port, trouble)

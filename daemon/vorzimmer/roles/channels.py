"""The ways to recipients that the worker has: a new one is a line here."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping

from vorzimmer.announcements.voicemail import to_mp3
from vorzimmer.notify import own_words
from vorzimmer.notify.channel import Lane
from vorzimmer.notify.email import Email, Sender
from vorzimmer.roles.faxes import LONGEST, faxes
from vorzimmer.roles.message_links import MessageLinks
from vorzimmer.roles.running import mail_server, now, trouble
from vorzimmer.roles.text_messages import text_messages
from vorzimmer.roles.webhooks import webhooks
from vorzimmer.settings import Settings


@contextlib.asynccontextmanager
async def channels(settings: Settings) -> AsyncIterator[Mapping[str, Lane]]:
    """The channels by the name that stands in the outbox, and how much of each may be under way, as long as inside."""
    async with contextlib.AsyncExitStack() as stack:
        ways = {
            # The server is ours: it may be asked often whether it is back.
            "email": Lane(await stack.enter_async_context(_email(settings)), probe=2.0),
            "fax": Lane(faxes(settings), places=2, per_target=1, seconds=LONGEST),
            "webhook": Lane(await stack.enter_async_context(webhooks(settings)), places=20, per_target=4, seconds=60.0),
        }
        if (texts := text_messages(settings)) is not None:
            ways["sms"] = Lane(await stack.enter_async_context(texts), places=5, per_target=5)
        yield ways


def _email(settings: Settings) -> Email:
    return Email(
        mail_server(settings),
        Sender(
            settings.smtp.sender,
            settings.house.name,
            settings.house.region,
            reply_to=settings.smtp.reply_to,
            words=own_words.read_folder(folder, "email") if (folder := settings.notify.templates) else {},
            links=MessageLinks(settings),
        ),
        # A message that our disk did not take, for it was full, is still in Asterisk's folder.
        recordings=(settings.paths.recordings, settings.paths.spool),
        to_mp3=to_mp3,
        clock=now,
        trouble=trouble,
    )

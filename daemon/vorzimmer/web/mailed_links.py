"""Mails with a link by which somebody chooses a password; what stands in the mail is known nowhere else."""

from __future__ import annotations

import secrets
from datetime import datetime

import asyncpg

from vorzimmer.store import letters, password_links
from vorzimmer.store.password_links import Kind
from vorzimmer.store.users import User
from vorzimmer.web.sessions import digest_of

PLACES: dict[Kind, str] = {"invitation": "invite", "password_reset": "reset"}
"""What the page is to do stands behind the `#` of its address, which no server's log has."""


async def send(
    conn: asyncpg.Connection, user: User, kind: Kind, at: datetime, *, by: str, base_url: str, timezone: str
) -> bool:
    """Mail a link to this user, by which a password can be chosen once. In a transaction.

    Args:
        conn: of the database.
        user: who must have an address.
        kind: of the letter.
        at: now.
        by: the name of who asks for it.
        base_url: of the pages.
        timezone: in which the letter tells until when.

    Returns:
        False: the user has no address, is disabled, or was sent enough for now; nothing is sent.
    """
    if user.email is None:
        return False
    one, token = user.identity, secrets.token_urlsafe(32)
    until = await password_links.issue(conn, digest_of(token), one.user, kind, at)
    if until is None:
        return False
    data = {
        "name": one.name,
        "user": one.user,
        "by": by,
        "url": f"{base_url.rstrip('/')}/#{PLACES[kind]}={token}",
        "until": until.isoformat(),
        "zone": timezone,
    }
    await letters.post(
        conn,
        key=f"{kind}:{digest_of(token).hex()}",
        kind=kind,
        to=[user.email],
        language=one.language,
        data=data,
        client=one.client or "",
    )
    return True

"""Links in messages that let whoever got one do one thing, without logging in: signed, and good for a time.

Nothing of a link is kept: what it allows stands in it, under a signature by a secret of the house.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, cast

import asyncpg
from itsdangerous import BadData, URLSafeSerializer

from vorzimmer.store.house_secret import secret

LONGEST_TOKEN = 400
"""Characters."""

Kind = Literal["answer", "recording"]
"""`answer`: mark a call as done, or reply to whoever took it; `recording`: hear what a caller left."""


class BadLink(Exception):
    """It is not ours, of another kind, or its time is over; the text says which."""

    over = False


class OldLink(BadLink):
    """It was ours; its time is over."""

    over = True


class Signer:
    """Makes and reads tokens. `made_of`: the house's secret, see `open_signer`."""

    def __init__(self, made_of: bytes) -> None:
        self._made_of = made_of

    def token(self, kind: Kind, about: Mapping[str, Any], at: datetime, good_for: timedelta) -> str:
        """A token that is good from `at` (aware) for so long. `about`: what it opens, as plain JSON."""
        until = int((at + good_for).timestamp())
        return str(self._serializer(kind).dumps({**about, "until": until}))

    def read(self, kind: Kind, token: str, at: datetime) -> dict[str, Any]:
        """What the token is about.

        Raises:
            BadLink: it opens nothing; `OldLink`: not any more.
        """
        if len(token) > LONGEST_TOKEN:
            raise BadLink("this link is not ours")
        try:
            about = cast("dict[str, Any]", self._serializer(kind).loads(token))
        except BadData:
            raise BadLink("this link is not ours") from None
        if about.pop("until") <= at.timestamp():
            raise OldLink("the time of this link is over")
        return about

    def _serializer(self, kind: Kind) -> URLSafeSerializer:
        return URLSafeSerializer(self._made_of, salt=f"message {kind}")


async def open_signer(conn: asyncpg.Connection) -> Signer:
    """The house's signer."""
    return Signer(await secret(conn, "message-links"))

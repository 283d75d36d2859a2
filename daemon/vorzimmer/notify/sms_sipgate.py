"""Text messages by sipgate: https://api.sipgate.com/v2/doc (sessions/sms, history), with a personal access token.

It answers 204 and no id, and sends no delivery reports. Its history (the token's scope `history:read`) tells what went.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from aiohttp import encode_basic_auth

from vorzimmer.core.ports import Clock
from vorzimmer.notify.channel import Outcome, RetryLater, Sent
from vorzimmer.notify.sms_gateway import (
    NOBODY_KNOWS,
    Answer,
    OverHttp,
    Sms,
    ask,
    dig,
    refused,
    same_text,
    written,
    wrong,
)

URL = "https://api.sipgate.com/v2"

SKEW = timedelta(minutes=5)
"""How far the two clocks may differ."""


class Sipgate(OverHttp):
    """The gateway. `token_id`, `token`: a personal access token's.

    The sender of an `Sms` is the id of the account's web SMS extension, such as `s0`; what is shown is set there.
    """

    name = "sipgate"

    def __init__(self, token_id: str, token: str, clock: Clock, url: str = URL) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": encode_basic_auth(token_id, token)}
        self._clock = clock

    async def submit(self, sms: Sms, /) -> Outcome:
        """Hand over."""
        fields = {"smsId": sms.sender, "recipient": sms.to, "message": sms.text}
        answer = await self._ask("POST", "sessions/sms", fields)
        if isinstance(answer, RetryLater):
            return answer
        return Sent(f"{answer.status}: taken by sipgate") if answer.good else refused(answer)

    async def look(self, sms: Sms, /) -> Outcome | None:
        """Search the history for the text, for nothing of ours goes along."""
        since = (sms.made_at - SKEW).astimezone(UTC)
        fields = {"types": "SMS", "directions": "OUTGOING", "from": f"{since:%Y-%m-%dT%H:%M:%SZ}", "limit": "100"}
        answer = await self._ask("GET", "history", fields)
        if isinstance(answer, RetryLater):
            return RetryLater(answer.detail, away=True, unclear=True)
        if answer.status in (401, 403):
            return NOBODY_KNOWS
        entries = dig(answer.json, "items")
        if not answer.good or not isinstance(entries, list):
            return RetryLater(f"the history cannot be read: {refused(answer).detail}", away=True, unclear=True)
        for entry in entries:
            if dig(entry, "target") == sms.to and same_text(sms.text, dig(entry, "smsContent")):
                return Sent("sipgate has it in its history", written(dig(entry, "id")))
        return None

    async def check(self) -> str:
        """Ask for the last message; without that right an unclear one could not be looked for."""
        problem = wrong(await self._ask("GET", "history", {"types": "SMS", "limit": "1"}))
        return f"{problem}; the token needs sessions:sms:write and history:read" if problem else ""

    async def _ask(self, method: str, path: str, fields: dict[str, str]) -> Answer | RetryLater:
        content: Any = "json" if method == "POST" else "query"
        url = f"{self._url}/{path}"
        return await ask(self._session, method, url, self._clock(), content, fields, self._headers)

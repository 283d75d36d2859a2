"""Text messages by Twilio: https://www.twilio.com/docs/messaging/api/message-resource.

It knows no reference of the customer's; what became of an unclear request stands in its list of messages. Refusals
have codes of its own (https://www.twilio.com/docs/api/errors).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from aiohttp import encode_basic_auth

from vorzimmer.core.ports import Clock
from vorzimmer.notify.channel import Dead, Outcome, RetryLater, Sent
from vorzimmer.notify.sms_gateway import (
    Answer,
    OverHttp,
    Sms,
    ask,
    dig,
    not_understood,
    refused,
    same_text,
    written,
    wrong,
)

URL = "https://api.twilio.com"

SKEW = timedelta(minutes=5)
"""How far the two clocks may differ."""

TOO_MANY = (20429, 14107, 63018, 30022)
NO_CREDIT = (30002, 20005, 21905)
"""The account is suspended or not active, which is what an empty one becomes."""

OURS = (20003, 21212, 21606, 21659, 21660, 21705)
"""The login, or the sender: mended in the settings, and then what waits still goes."""


class Twilio(OverHttp):
    """The gateway. `reports`: the URL that is told what became of a message; empty: none."""

    name = "twilio"

    def __init__(self, account: str, token: str, clock: Clock, reports: str = "", url: str = URL) -> None:
        self._url = f"{url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        self._headers = {"Authorization": encode_basic_auth(account, token)}
        self._reports = reports
        self._clock = clock

    async def submit(self, sms: Sms, /) -> Outcome:
        """Hand over. A sender that begins with MG is the id of a messaging service."""
        sender = "MessagingServiceSid" if sms.sender.startswith("MG") and len(sms.sender) > 20 else "From"
        fields = {"To": sms.to, sender: sms.sender, "Body": sms.text}
        answer = await self._ask("POST", fields | ({"StatusCallback": self._reports} if self._reports else {}))
        return _judge(answer) if isinstance(answer, Answer) else answer

    async def look(self, sms: Sms, /) -> Outcome | None:
        """Search the messages to this number for the text, the newest first."""
        answer = await self._ask("GET", {"To": sms.to, "PageSize": "100"})
        if isinstance(answer, RetryLater):
            return RetryLater(answer.detail, away=True, unclear=True)
        entries = dig(answer.json, "messages")
        if not answer.good or not isinstance(entries, list):
            return RetryLater(f"the list cannot be read: {refused(answer).detail}", away=True, unclear=True)
        for entry in entries:
            if _since(dig(entry, "date_created"), sms.made_at - SKEW) and same_text(sms.text, dig(entry, "body")):
                return Sent("Twilio has it in its list", written(dig(entry, "sid")))
        return None

    async def check(self) -> str:
        """Ask for the last message."""
        return wrong(await self._ask("GET", {"PageSize": "1"}))

    async def _ask(self, method: str, fields: dict[str, str]) -> Answer | RetryLater:
        content: Any = "form" if method == "POST" else "query"
        return await ask(self._session, method, self._url, self._clock(), content, fields, self._headers)


def _judge(answer: Answer) -> Outcome:
    code = dig(answer.json, "code")
    told = f"{written(code)} {written(dig(answer.json, 'message'), 200)}".strip()
    if answer.good:
        sid = written(dig(answer.json, "sid"))
        return Sent(f"{answer.status}: taken by Twilio", sid) if sid else not_understood(answer)
    if code in TOO_MANY:
        return RetryLater(told, after=answer.retry_after)
    if code in NO_CREDIT:
        return RetryLater(f"out of credit; {told}", away=True)
    if code in OURS:
        return RetryLater(f"see [sms]; {told}", away=True)
    if 400 <= answer.status < 500 and answer.status not in (401, 402, 403, 429) and isinstance(code, int):
        return Dead(told)
    return refused(answer, told)


def _since(value: object, at: datetime) -> bool:
    """Whether this date (RFC 2822) is not before `at`; one that cannot be read is taken for not."""
    try:
        return parsedate_to_datetime(str(value)) >= at
    except (TypeError, ValueError):
        return False

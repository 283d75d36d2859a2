"""Text messages by seven.io (formerly sms77): https://docs.seven.io/en/rest-api/endpoints/sms.

It answers 200 with a code for what went wrong. Our reference goes along as `foreign_id`, and stands in its journal.
"""

from __future__ import annotations

from typing import Any

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
    written,
    wrong,
)

URL = "https://gateway.seven.io/api"

TAKEN = "100"
TAKEN_BEFORE = "402"
"""The same text to the same number within 180 seconds: an attempt before this one arrived."""

NO_CREDIT = "500"
OURS = {
    "201": "sms.sender is not allowed",
    "900": "sms.password is no valid API key",
    "901": "the signature is wrong",
    "902": "the API key may not send text messages",
    "903": "this address may not use the API key",
}
NEVER = {
    "101": "nothing was sent to this number",
    "202": "the number is not valid",
    "301": "the number is missing",
    "305": "the text is not valid",
    "401": "the text is too long",
}
LATER = {"403": "this number has had its most for today", "600": "an error occurred while sending", "700": "unknown"}


class Seven(OverHttp):
    """The gateway. `key`: of its API."""

    name = "seven"

    def __init__(self, key: str, clock: Clock, url: str = URL) -> None:
        self._url = url.rstrip("/")
        self._headers = {"X-Api-Key": key}
        self._clock = clock

    async def submit(self, sms: Sms, /) -> Outcome:
        """Hand over."""
        fields = {"to": sms.to, "text": sms.text, "foreign_id": sms.reference}
        answer = await self._ask("POST", "sms", fields | ({"from": sms.sender} if sms.sender else {}))
        return _judge(answer) if isinstance(answer, Answer) else answer

    async def look(self, sms: Sms, /) -> Outcome | None:
        """Search the journal of sent messages for our reference."""
        fields = {"to": sms.to, "date_from": f"{sms.made_at:%Y-%m-%d}", "limit": "100"}
        answer = await self._ask("GET", "journal/outbound", fields)
        if isinstance(answer, RetryLater):
            return RetryLater(answer.detail, away=True, unclear=True)
        if not answer.good or not isinstance(answer.json, list):
            return RetryLater(f"the journal cannot be read: {refused(answer).detail}", away=True, unclear=True)
        for entry in answer.json:
            if dig(entry, "foreign_id") == sms.reference:
                return Sent("the gateway has it in its journal", written(dig(entry, "id")))
        return None

    async def check(self) -> str:
        """Ask for the balance (https://docs.seven.io/en/rest-api/endpoints/balance)."""
        answer = await self._ask("GET", "balance", {})
        if isinstance(answer, Answer) and answer.good and answer.words in OURS:
            return f"{answer.words}: {OURS[answer.words]}"
        return wrong(answer)

    async def _ask(self, method: str, path: str, fields: dict[str, str]) -> Answer | RetryLater:
        content: Any = "json" if method == "POST" else "query"
        url = f"{self._url}/{path}"
        return await ask(self._session, method, url, self._clock(), content, fields, self._headers)


def _judge(answer: Answer) -> Outcome:
    """An answer may be an object with `success`, or the bare code as text or number."""
    if not answer.good:
        return refused(answer)
    code = written(dig(answer.json, "success") if isinstance(answer.json, dict) else answer.json) or answer.words
    message = dig(answer.json, "messages.0") or {}
    told = written(dig(message, "error_text"), 200)
    if code == TAKEN and dig(message, "success") is not False:
        return Sent("100: taken by seven.io", written(dig(message, "id")))
    code = written(dig(message, "error")) if code == TAKEN else code
    return _by_code(code, told) or not_understood(answer)


def _by_code(code: str, told: str) -> Outcome | None:
    """What a code means; `told`: seven.io's words for it. None: nothing that is known."""
    if code == TAKEN_BEFORE:
        return RetryLater("402: it was already sent a moment ago", unclear=True)
    if code == NO_CREDIT:
        return RetryLater("500: out of credit at seven.io", away=True)
    if code in OURS:
        return RetryLater(f"{code}: {OURS[code]}; see [sms]", away=True)
    if code in NEVER:
        return Dead(f"{code}: {told or NEVER[code]}")
    return RetryLater(f"{code}: {told or LATER[code]}") if code in LATER else None

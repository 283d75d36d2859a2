"""Text messages by any gateway that takes one HTTP request: described by settings, not by code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vorzimmer.core.ports import Clock
from vorzimmer.notify.channel import Dead, Outcome, RetryLater, Sent
from vorzimmer.notify.sms_gateway import (
    NOBODY_KNOWS,
    Answer,
    OverHttp,
    Sms,
    ask,
    dig,
    not_understood,
    refused,
    written,
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How to ask, and how the answer reads.

    `headers` and `fields` (which may hold further objects and lists) hold texts with `{to}`, `{digits}` (the number
    without its plus), `{text}`, `{sender}`, `{reference}`, `{user}`, `{password}`. `content`: how the fields go.
    `id` and `error`: where they stand in the answer's JSON, as `messages.0.id`; empty: nowhere. An error that is
    missing, null, false, empty or one of `fine` is none; one of `never` will not go away; others may.
    """

    url: str
    method: Literal["POST", "GET", "PUT"] = "POST"
    content: Literal["json", "form", "query"] = "json"
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    error: str = ""
    fine: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


class Template(OverHttp):
    """The gateway."""

    name = "template"

    def __init__(self, shape: Shape, user: str, password: str, clock: Clock) -> None:
        self._shape = shape
        self._login = {"user": user, "password": password}
        self._clock = clock

    async def submit(self, sms: Sms, /) -> Outcome:
        """Hand over."""
        shape = self._shape
        known = self._login | {
            "to": sms.to,
            "digits": sms.to.removeprefix("+"),
            "text": sms.text,
            "sender": sms.sender,
            "reference": sms.reference,
        }
        headers = {name: str(_filled(value, known)) for name, value in shape.headers.items()}
        answer = await ask(
            *(self._session, shape.method, shape.url, self._clock(), shape.content),
            {name: _filled(value, known) for name, value in shape.fields.items()},
            headers,
        )
        return self._judge(answer) if isinstance(answer, Answer) else answer

    async def look(self, _sms: Sms, /) -> Outcome | None:
        """Nothing is known of how to ask."""
        return NOBODY_KNOWS

    def _judge(self, answer: Answer) -> Outcome:
        shape = self._shape
        error = dig(answer.json, shape.error) if shape.error else None
        told = written(error, 200)
        wrong = error not in (None, False, "") and told not in shape.fine
        if told in shape.never and wrong:
            return Dead(f"the gateway refuses it: {told}")
        if not answer.good:
            return refused(answer, told)
        if wrong:
            return RetryLater(f"the gateway reports an error: {told or answer.words}")
        if shape.id and not written(dig(answer.json, shape.id)):
            return not_understood(answer)
        return Sent(f"{answer.status}: taken", written(dig(answer.json, shape.id)) if shape.id else "")


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    """The value with what is known put into its texts."""
    match value:
        case str():
            return value.format_map(known)
        case Mapping():
            return {name: _filled(inner, known) for name, inner in value.items()}
        case list() | tuple():
            return [_filled(inner, known) for inner in value]
        case _:
            return value

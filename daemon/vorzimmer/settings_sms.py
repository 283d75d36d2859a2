"""The table `[sms]` of the settings file: the gateway for text messages, and what goes over it."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, model_validator

from vorzimmer.settings_sections import Country, Port, Section

FILLED = ("to", "digits", "text", "sender", "reference", "user", "password")
"""What may stand in braces in a described request."""

Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
Reported = Literal["delivered", "undelivered"]


class SmsTemplate(Section):
    """A gateway that takes one HTTP request for a message, described here (docs/sms.md).

    `content`: how `fields` go; as JSON they may hold further objects and lists. In texts of `headers` and `fields`
    stand `{to}`, `{digits}` (the number without its plus), `{text}` (not in headers), `{sender}`, `{reference}`,
    `{user}` and `{password}`. `id`, `error`: where they stand in the answer's JSON, as `messages.0.id`. `fine`: values
    of `error` that mean none; `never`: those that will not go away. `report_id`, `report_status`: the fields of a
    delivery report; `report_words`: what a status means.
    """

    method: Literal["POST", "GET", "PUT"] = "POST"
    content: Literal["json", "form", "query"] = "json"
    headers: dict[str, str] = Field(default_factory=dict)
    fields: dict[str, Any]
    id: str = ""
    error: str = ""
    fine: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    report_id: str = ""
    report_status: str = ""
    report_words: dict[str, Reported] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fills_what_there_is(self) -> Self:
        for text in self.headers.values():
            _require_known(text, {*FILLED} - {"text"})
        for text in _texts(self.fields):
            _require_known(text, {*FILLED})
        if any(not value.isascii() or not value.isprintable() for value in self.headers.values()):
            raise ValueError("a header's value is one line of ASCII")
        return self


class Smpp(Section):
    """A carrier's SMPP 3.4 server, whose default alphabet is GSM 03.38.

    `system_type`: as the carrier says. `per_second`: the most parts that it wants.
    """

    host: str
    port: Port = 2775
    tls: bool = False
    system_type: Annotated[str, Field(max_length=12)] = ""
    per_second: Annotated[float, Field(gt=0, le=1000)] = 10.0


class Sms(Section):
    """Text messages (docs/sms.md). Without a `gateway` there are none.

    `user` and `password`: seven: an API key as `password`; sipgate: a personal access token's id and token; Twilio: the
    account's SID and token; smpp: system_id and password. `url`: of the gateway, where it is not the provider's own.
    `sender`: a number, or up to 11 letters; sipgate: the id of the web SMS extension. `parts`: the most of one message.
    `countries` (ISO 3166): where messages go; none named: as the gate says; `fixed`: to fixed numbers too.
    `report_secret`: stands at the end of the URL that the gateway tells delivery to, `/hooks/sms/GATEWAY/SECRET`;
    without it nobody is listened to there.
    """

    gateway: Literal["seven", "sipgate", "twilio", "template", "smpp"] | None = None
    url: Url | None = None
    user: str = ""
    password: SecretStr | None = None
    sender: Annotated[str, Field(max_length=40, pattern=r"^[ -~]*$")] = ""
    parts: Annotated[int, Field(ge=1, le=10)] = 3
    countries: tuple[Country, ...] | None = None
    fixed: bool = False
    report_secret: Annotated[SecretStr, Field(min_length=20, max_length=200)] | None = None
    template: SmsTemplate | None = None
    smpp: Smpp | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if missing := next(iter(self._missing()), None):
            raise ValueError(f"the gateway {self.gateway} needs sms.{missing}")
        if self.report_secret and not _fits_in_path(self.report_secret.get_secret_value()):
            raise ValueError("sms.report_secret stands in a URL: only letters, digits, - and _")
        return self

    def _missing(self) -> Iterator[str]:
        """What the chosen gateway needs and has not."""
        if self.gateway in ("seven", "sipgate", "twilio", "smpp") and self.password is None:
            yield "password"
        if self.gateway in ("sipgate", "twilio", "smpp") and not self.user:
            yield "user"
        if self.gateway in ("sipgate", "twilio", "smpp") and not self.sender:
            yield "sender"
        if self.gateway == "template":
            yield from (name for name in ("url", "template") if getattr(self, name) is None)
        if self.gateway == "smpp" and self.smpp is None:
            yield "smpp"


def _require_known(text: str, names: set[str]) -> None:
    """In braces stand these names and nothing else.

    Raises:
        ValueError: something else does.
    """
    try:
        braces = [
            (name, spec or conversion) for _, name, spec, conversion in Formatter().parse(text) if name is not None
        ]
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}; a brace that stands for itself is written twice") from None
    for name, more in braces:
        if name not in names or more:
            raise ValueError(f"{text!r}: there is no {name!r} here; there are {', '.join(sorted(names))}")


def _texts(value: Any) -> Iterator[str]:
    """Every text inside a value, however deep."""
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)


def _fits_in_path(secret: str) -> bool:
    return secret.isascii() and all(c.isalnum() or c in "-_" for c in secret)

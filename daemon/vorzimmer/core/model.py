"""What the models of the book are made of: ids, numbers, addresses, zones, hours; each cleaned once, where it is read.

Numbers may be written in any national form and are E.164 afterwards; the region of national forms is the validation
context's `region` (ISO 3166 alpha-2, default DE).
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from vorzimmer.core import hours as oh
from vorzimmer.core import number as numbers
from vorzimmer.core import public_holidays

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""An id: lower-case letters, digits and hyphens. Safe as a folder's name."""

Endpoint = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
"""The name of a PJSIP endpoint. Nothing that could change the meaning of a dial string."""

FileName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,120}\.(wav|mp3|ogg|oga|opus|flac|m4a|mp4|webm)$")
]
"""A sound file in the client's folder: a plain name, never a path."""


STORED: dict[str, Any] = {"stored": True}
"""Validation context of what this program wrote itself: numbers and addresses are in their final form, and reading
them again would be most of the time that a start with thousands of clients takes."""

_FINAL_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")
_FINAL_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")


def _is_final(value: Any, info: ValidationInfo, form: re.Pattern[str]) -> bool:
    return bool(info.context and info.context.get("stored") and isinstance(value, str) and form.fullmatch(value))


def _e164(value: Any, info: ValidationInfo) -> str:
    if _is_final(value, info, _FINAL_NUMBER):
        return str(value)
    if not isinstance(value, str):
        # pydantic turns only a ValueError into a message
        raise ValueError('a telephone number is written as text, for example "+49 89 123456"')  # noqa: TRY004 - see above
    region = (info.context or {}).get("region", "DE")
    return numbers.parse(value, region)


Number = Annotated[str, BeforeValidator(_e164)]
"""E.164 with a leading plus."""


def _address(value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> str:
    return str(value if _is_final(value, info, _FINAL_ADDRESS) else check(value))


Address = Annotated[EmailStr, WrapValidator(_address)]
"""An e-mail address, without a display name."""


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {value!r}; use a name of the IANA list such as Europe/Berlin") from error
    return value


TimeZone = Annotated[str, AfterValidator(_zone)]
HolidayRegion = Annotated[str, AfterValidator(public_holidays.check_region)]
"""Country, or country and state, of public holidays: `DE`, `DE-BY`, `AT-9`."""

Hours = Annotated[
    oh.Week, PlainValidator(oh.parse_week), PlainSerializer(oh.write_week), WithJsonSchema(oh.WEEK_SCHEMA)
]
DayHours = Annotated[
    tuple[oh.Interval, ...], PlainValidator(oh.parse_day), PlainSerializer(oh.write_day), WithJsonSchema(oh.DAY_SCHEMA)
]


class Model(BaseModel):
    """Base of all that is read from outside: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Language(StrEnum):
    """A language that callers hear and clients read."""

    GERMAN = "de"
    ENGLISH = "en"
    CHINESE = "zh"

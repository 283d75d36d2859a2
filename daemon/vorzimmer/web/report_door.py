"""The door at which a gateway tells what became of a text message: which gateway, and how it shows that it is it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from vorzimmer.core.delivery_report import Form
from vorzimmer.core.ports import Trouble

MOST_FIELDS = 100


@dataclass(frozen=True, slots=True)
class ReportDoor:
    """What is known of the gateway. `secret`: ends the URL; `signed_with`: its token, where it signs what it sends.

    `form`: how its reports read. `trouble`: hears of messages that were not delivered.
    """

    gateway: str
    secret: str = field(repr=False)
    form: Form
    trouble: Trouble
    signed_with: str = field(default="", repr=False)

    def opens(self, gateway: str, secret: str) -> bool:
        """Whether somebody who comes with these may come in; the secret is compared in constant time."""
        same = hmac.compare_digest(self.secret.encode(), secret.encode("utf-8", "surrogatepass"))
        return same and gateway == self.gateway

    def signed(self, signature: str, url: str, fields: Mapping[str, Any]) -> bool:
        """Whether Twilio has signed this (https://www.twilio.com/docs/usage/security); true where nobody signs.

        HMAC-SHA1 by the account's token over the URL that was asked for, and each field's name and value by name.
        """
        if not self.signed_with:
            return True
        told = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
        made = hmac.new(self.signed_with.encode(), told.encode("utf-8", "surrogatepass"), hashlib.sha1).digest()
        return hmac.compare_digest(base64.b64encode(made), signature.encode("utf-8", "surrogatepass"))


def fields_of(body: bytes, media_type: str) -> dict[str, Any]:
    """What stands in a form or in JSON; what seven.io puts into `data` is brought up.

    Raises:
        ValueError: it is neither.
    """
    if media_type.partition(";")[0].strip().lower() == "application/json":
        found = orjson.loads(body)
        if not isinstance(found, dict):
            raise ValueError("no object")
        inner = found.get("data")
        return inner if isinstance(inner, dict) else found
    pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    return {name.removeprefix("data[").removesuffix("]") if name.startswith("data[") else name: v for name, v in pairs}

"""Whether the gateway for text messages knows us, asked without sending anything."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from pydantic import ValidationError

from tests.notify.smpp_server import Carrier
from tests.notify.sms_gateway import Provider, Reply
from vorzimmer.cli.check_sms import text_messages
from vorzimmer.notify.smpp import Smpp
from vorzimmer.notify.sms_template import Template
from vorzimmer.roles.text_messages import gateway_of, report_door, report_url
from vorzimmer.settings import Settings, load
from vorzimmer.settings_sms import Sms

SECRET = "a-secret-that-nobody-guesses"
LOGIN = {"user": "us", "password": "key-of-ours", "sender": "Kanzlei"}
DESCRIBED = {"fields": {"to": "{to}", "text": "{text}"}}


Make = Callable[..., Settings]


@pytest.fixture
def settings(tmp_path: Path) -> Make:
    """Make settings with this table."""

    def made(**sms: Any) -> Settings:
        dsn = "postgresql://nobody@127.0.0.1:1/none"
        tables = {"ari": {"password": "a"}, "ami": {"password": "b"}, "database": {"dsn": dsn}, "sms": sms}
        file = tmp_path / "vorzimmer.toml"
        file.write_text(tomli_w.dumps(tables))
        return load(file)

    return made


@pytest.mark.parametrize("gateway", ["seven", "sipgate", "twilio"])
async def test_a_gateway_that_knows_us_is_in_order(gateway: str, settings: Make) -> None:
    """One harmless question, and nothing is sent; without a secret, delivery is not reported."""
    async with Provider(lambda _: Reply(json={"amount": 5, "items": [], "messages": []})) as provider:
        report = await text_messages(settings(gateway=gateway, url=provider.url, **LOGIN))
        assert not report.findings
        assert report.good == f"by {gateway}; delivery is not reported"
        assert [asked.method for asked in provider.asked] == ["GET"]
        provider.replies.append(Reply(401))
        report = await text_messages(settings(gateway=gateway, url=provider.url, **LOGIN))
        assert "the gateway answers 401" in report.findings[0]
        assert "key-of-ours" not in report.findings[0]


async def test_sevens_error_inside_a_200_is_found(settings: Make) -> None:
    """Its code for a wrong key comes as a good answer."""
    async with Provider(lambda _: Reply(text="900")) as provider:
        report = await text_messages(settings(gateway="seven", url=provider.url, **LOGIN))
    assert "900: sms.password is no valid API key" in report.findings[0]


async def test_a_carrier_is_only_knocked_at(settings: Make) -> None:
    """Its server must be there; a login of ours could throw the worker out."""
    async with Carrier() as carrier:
        smpp = {"host": "127.0.0.1", "port": carrier.port}
        assert not (await text_messages(settings(gateway="smpp", smpp=smpp, **LOGIN))).findings
        assert not carrier.binds
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        smpp = {"host": "127.0.0.1", "port": nobody.getsockname()[1]}
        assert (await text_messages(settings(gateway="smpp", smpp=smpp, **LOGIN))).findings


async def test_no_gateway_is_no_mistake(settings: Make) -> None:
    """A house without text messages hears only that it has none."""
    assert not (await text_messages(settings())).findings
    assert gateway_of(settings()) is None
    assert report_door(settings(report_secret=SECRET)) is None


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"gateway": "seven"}, "the gateway seven needs sms.password"),
        ({"gateway": "twilio", "password": "x"}, "the gateway twilio needs sms.user"),
        ({"gateway": "smpp", **LOGIN}, "the gateway smpp needs sms.smpp"),
        ({"gateway": "template", "template": DESCRIBED}, "the gateway template needs sms.url"),
        ({"gateway": "template", "url": "https://x"}, "the gateway template needs sms.template"),
        ({"report_secret": "short"}, "at least 20"),
        ({"report_secret": "with/a/slash/and-long-enough"}, "only letters, digits, - and _"),
        ({"countries": ["Germany"]}, "pattern"),
        ({"parts": 0}, "greater than or equal to 1"),
        ({"gateway": "carrier pigeon"}, "Input should be"),
        ({"template": {"fields": {"a": ["{tex}"]}}}, "there is no 'tex' here"),
        ({"template": {"fields": {"a": "{text.__class__}"}}}, "there is no 'text.__class__' here"),
        ({"template": {"fields": {"a": "{to!r}"}}}, "there is no 'to' here"),
        ({"template": {"fields": {"a": "{"}}}, "a brace that stands for itself is written twice"),
        ({"template": {"fields": {}, "headers": {"X": "{text}"}}}, "there is no 'text' here"),
        ({"template": {"fields": {}, "headers": {"X": "a\r\nb"}}}, "one line of ASCII"),
    ],
    ids=range(16),
)
def test_a_wrong_table_is_refused_at_the_start(table: dict[str, Any], words: str) -> None:
    """Whatever is missing or cannot work is said by its name when the settings are read."""
    with pytest.raises(ValidationError) as caught:
        Sms.model_validate(table)
    assert words in str(caught.value)


def test_secrets_are_secrets(settings: Make) -> None:
    """Login and the end of the URL are never printed, and the log knows that they are to be hidden."""
    house = settings(gateway="twilio", report_secret=SECRET, **LOGIN)
    assert {"key-of-ours", SECRET} <= house.secrets()
    assert "key-of-ours" not in repr(house)
    assert SECRET not in repr(house)
    assert report_url(house) == f"http://localhost:8080/hooks/sms/twilio/{SECRET}"
    door = report_door(house)
    assert door is not None
    assert door.opens("twilio", SECRET)
    assert not door.signed("x", "https://x", {})


def test_which_gateways_report(settings: Make) -> None:
    """seven.io and Twilio do, a described one where the settings say how; sipgate and a carrier not over the web."""
    described = {**DESCRIBED, "report_id": "ref", "report_status": "state"}
    cases: list[tuple[dict[str, Any], bool]] = [
        ({"gateway": "seven"}, True),
        ({"gateway": "twilio"}, True),
        ({"gateway": "sipgate"}, False),
        ({"gateway": "smpp", "smpp": {"host": "x"}}, False),
        ({"gateway": "template", "url": "https://x", "template": DESCRIBED}, False),
        ({"gateway": "template", "url": "https://x", "template": described}, True),
    ]
    for table, reports in cases:
        house = settings(report_secret=SECRET, **LOGIN, **table)
        assert (report_door(house) is not None) == reports
        assert bool(report_url(house)) == reports
    assert isinstance(gateway_of(settings(**LOGIN, gateway="template", url="https://x", template=DESCRIBED)), Template)
    assert isinstance(gateway_of(settings(**LOGIN, gateway="smpp", smpp={"host": "x"})), Smpp)

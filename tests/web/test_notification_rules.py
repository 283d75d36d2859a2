"""A client's rules over the API: read, changed, tried and looked at before anything is sent."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.web.portal_house import MARK, PortalHouse
from tests.web.test_client_day import get, send
from vorzimmer.store import audit

MAIL = {"id": "office", "channel": "email", "to": ["office@mueller.example"]}
SMS = {"id": "night", "channel": "sms", "to": ["0170 1112223", "contact:night", "on-call"], "of": ["urgent"]}


async def rules(portal: PortalHouse, *wanted: dict[str, Any], status: int = 200) -> Any:
    """Save these rules as the client's user."""
    erika = await portal.inside("erika")
    shown = await get(erika, "/notifications")
    return await send(
        erika, "PUT", "/notifications", {"version": shown["version"], "to": [], "rules": list(wanted)}, status
    )


async def test_rules_are_saved_in_their_order(portal: PortalHouse) -> None:
    """With addresses in one form; what comes back can be sent again; the trail has it; leaving them out keeps them."""
    quiet = {"daily": ["22:00-06:00"]}
    digest = {**MAIL, "id": "evening", "digest": ["18:00"], "quiet": quiet, "facts": ["caller", "note"]}
    saved = await rules(portal, SMS, digest)
    assert [rule["id"] for rule in saved["rules"]] == ["night", "evening"]
    assert saved["rules"][0]["to"] == ["+491701112223", "contact:night", "on-call"]
    assert saved["rules"][1]["digest"] == ["18:00:00"]
    assert saved["channels"] == ["email", "sms", "fax", "webhook"]
    erika = await portal.inside("erika")
    again = {"version": saved["version"], "to": [], "rules": saved["rules"]}
    assert await send(erika, "PUT", "/notifications", again) == saved
    kept = await send(erika, "PUT", "/notifications", {"version": saved["version"], "to": ["a@mueller.example"]})
    assert kept["rules"] == saved["rules"]
    trail = await audit.entries(portal.conn, client="mueller")
    assert [one.what for one in trail] == ["client.notifications"] * 2
    assert set(trail[1].after or {}) == {"mail", "notify"}


@pytest.mark.parametrize(
    ("bad", "field", "said"),
    [
        ({"to": ["not an address"]}, "rules.1.to.0", "rule 'bad', to.0: "),
        ({"to": []}, "rules.1.to", "names nobody"),
        ({"channel": "webhook", "to": ["http://shop.example/"]}, "rules.1.to.0", "no https URL"),
        ({"channel": "fax", "to": ["12"]}, "rules.1.to.0", "rule 'bad', to.0: "),
        ({"template": {"body": "{{ nothing.of.that }}"}}, "rules.1.template.body", "there is no value 'nothing'"),
        ({"template": {"body": "{% for %}"}}, "rules.1.template.body", "rule 'bad', template.body: "),
        ({"template": {"body": ""}}, "rules.1.template.body", "rule 'bad', template.body: "),
        ({"digest": ["18:00:30"]}, "rules.1.to", "hours and minutes"),
        ({"id": "office"}, "rules.1.id", "another rule is called like that"),
        ({"id": "Not A Slug"}, "rules.1.id", "rule 'Not A Slug', id: "),
    ],
    ids=["address", "nobody", "http", "number", "value", "tag", "empty", "seconds", "twice", "slug"],
)
async def test_what_is_wrong_names_its_rule_and_field(
    portal: PortalHouse, bad: dict[str, Any], field: str, said: str
) -> None:
    """And nothing is saved, of the good ones neither."""
    refused = await rules(portal, MAIL, {**MAIL, "id": "bad", **bad}, status=422)
    assert list(refused["fields"]) == [field]
    assert said in refused["text"]
    assert refused["text"].startswith("rule ")
    assert (await get(await portal.inside("erika"), "/notifications"))["rules"] == []


async def test_a_rule_names_only_who_is_there(portal: PortalHouse) -> None:
    """A contact of another client's is nobody's here."""
    refused = await rules(portal, {**SMS, "to": ["contact:doc"]}, status=422)
    assert "there is no contact 'doc'" in refused["text"]


async def test_a_test_goes_the_rules_own_way(portal: PortalHouse) -> None:
    """A mail as a letter, others as a call that says that it is none; to whom the rule reaches now; not without end."""
    await rules(portal, SMS, MAIL, {"id": "hook", "channel": "webhook", "to": ["https://shop.example/in"]})
    erika = await portal.inside("erika")
    assert await send(erika, "POST", "/notifications/test", {"rule": "office"}) == {"to": ["office@mueller.example"]}
    [(_, data)] = await portal.letters("test_message")
    assert data["client"] == "Kanzlei Müller"
    assert (await send(erika, "POST", "/notifications/test", {"rule": "night"}))["to"] == ["+491701112223"]
    assert (await send(erika, "POST", "/notifications/test", {"rule": "hook"}))["to"] == ["https://shop.example/in"]
    rows = await portal.conn.fetch("SELECT * FROM outbox WHERE about = 'test' ORDER BY id")
    assert [(row["channel"], row["rule"], row["target"]) for row in rows] == [
        ("sms", "night", ""),
        ("webhook", "hook", "shop.example"),
    ]
    payload = orjson.loads(rows[0]["payload"])
    assert (payload["client_name"], payload["test"], payload["rule"]) == ("TEST Kanzlei Müller", True, {"id": "night"})
    assert (await send(erika, "POST", "/notifications/test", {"rule": "nothing"}, 404))["code"] == "unknown"
    assert (await send(erika, "POST", "/notifications/test", None, 409))["code"] == "nobody"
    answers = [
        (await erika.ask("POST", "/clients/mueller/notifications/test", {"rule": "hook"})).status_code for _ in range(6)
    ]
    assert answers[-1] == 429


async def test_a_rule_is_looked_at_with_a_real_call(portal: PortalHouse) -> None:
    """The latest that it is about, else the one that is named; numbers and facts as the rule lets them be told."""
    at = portal.watch.at
    await portal.called("own", "mueller", at, caller="+491701234567", caller_name="Erika Muster")
    await portal.noted("own", "mueller", "Bittet um Rückruf")
    await portal.called("foreign", "meier", at, caller_name=MARK)
    erika = await portal.inside("erika")
    shown = await send(erika, "POST", "/notifications/preview", {"rule": MAIL})
    assert (shown["call"], shown["told"], shown["problems"]) == ("own", True, [])
    assert "0170 1234567" in shown["text"]
    assert "Bittet um Rückruf" in shown["text"]
    hidden = {**MAIL, "numbers": "shortened"}
    assert "0170 1234567" not in (await send(erika, "POST", "/notifications/preview", {"rule": hidden}))["text"]
    own = {**MAIL, "template": {"subject": "Neu: {{ name }}", "body": "{{ client }}: {{ notes[0].title }}"}}
    shown = await send(erika, "POST", "/notifications/preview", {"rule": own})
    assert shown["subject"] == "Neu: Erika Muster"
    assert shown["text"].startswith("Kanzlei Müller: ")
    bad = {**MAIL, "template": {"body": "{{ nothing }}"}}
    shown = await send(erika, "POST", "/notifications/preview", {"rule": bad})
    assert (shown["text"], shown["problems"]) == ("", ["there is no value 'nothing'"])
    missed = {**MAIL, "of": ["missed"]}
    made_up = await send(erika, "POST", "/notifications/preview", {"rule": missed})
    assert (made_up["call"], made_up["told"]) == (None, True)
    named = await send(erika, "POST", "/notifications/preview", {"rule": missed, "call": "own"})
    assert (named["call"], named["told"]) == ("own", False)
    for call in ("foreign", "nothing"):
        refused = await send(erika, "POST", "/notifications/preview", {"rule": MAIL, "call": call}, 404)
        assert refused["code"] == "unknown"


async def test_a_text_message_is_counted(portal: PortalHouse) -> None:
    """What it costs stands beside it; an address that is being typed does not matter."""
    erika = await portal.inside("erika")
    long = {**SMS, "to": ["01"], "template": {"body": "{{ client }} " + "ä" * 170}}
    sms = (await send(erika, "POST", "/notifications/preview", {"rule": long}))["sms"]
    assert (sms["parts"], sms["encoding"]) == (2, "gsm7")
    wide = {**SMS, "template": {"body": "你好"}}
    sms = (await send(erika, "POST", "/notifications/preview", {"rule": wide}))["sms"]
    assert (sms["parts"], sms["encoding"]) == (1, "ucs2")
    assert sms["text"].startswith("你好")

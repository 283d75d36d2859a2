"""The acts of a client that looks after its own line: ordered by a link, an mp3 in the portal, words by telephone."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from pathlib import Path

from playwright.async_api import expect

from tests.demo.act import Act, Call
from tests.demo.clara import Person, at_the_page, headset
from tests.demo.people import SURE, hear_each_other
from tests.demo.stage import SOUNDS, DemoError, Stage, patiently
from tests.e2e.keypad import Keypad
from tests.sipp import sound
from vorzimmer.announcements.voicemail import to_mp3
from vorzimmer.control.commands import NumberCheck
from vorzimmer.core.setup_order import SettingUp
from vorzimmer.roles.setting_up import setting_up
from vorzimmer.settings import load
from vorzimmer.store import announcements, client_change, order_links, orders
from vorzimmer.store.audit import Actor

DID = "+4989100007"
BELLA = "bella@optik.example"
OWN_NUMBER = "+4989777666"
UPLOADED, SPOKEN = sound.announcement(37, 3.0), sound.announcement(38, 3.0)
"""The greeting as an mp3, and as Ben speaks it later."""


async def by_a_link(stage: Stage) -> None:
    """Bella orders at a page without a login; IT says nothing for three days, which the lead is told."""
    link = await _mailed_link(stage)
    await stage.letter("Einrichtung für Optik Blick")
    with headset(stage.folder / "browser") as browser:
        async with at_the_page(browser, link, stage.folder / "pictures") as bella:
            await bella.page.goto(link)
            await bella.page.get_by_label(re.compile("Ansage aus der MP3")).check()
            await bella.page.get_by_label(re.compile("^Eigene Rufnummer")).check()
            await bella.page.get_by_label(re.compile("Ihre Rufnummer")).fill("089 123456")
            await bella.page.get_by_label("Wünsche und Hinweise").fill("Bitte vor Weihnachten.")
            await bella.picture("order")
            await bella.page.get_by_role("button", name="Verbindlich bestellen").click()
            await expect(bella.page.get_by_text("Danke, die Bestellung ist eingegangen.")).to_be_visible()
    await stage.letter("Einrichtung 1: Optik Blick")
    await stage.letter("Ihre Bestellung 1")
    stage.say("   three days pass, and IT has not said whether the number can be set up")
    async with stage.database() as conn:
        await orders.escalate(conn, _house(stage), stage.now() + timedelta(days=3))
    case = await stage.letter("Seit 3 Tagen keine Antwort von IT")
    if "Technisch prüfen" not in str(case.get_content()):
        raise DemoError("the lead is not told what IT was asked")
    await _brought_to_its_end(stage)


async def _mailed_link(stage: Stage) -> str:
    """As `vorzimmer order link` does it, by the demo's clock."""
    async with stage.database() as conn:
        _, client = await client_change.load(conn, "optik")
        _, url = await order_links.send(conn, client, [BELLA], _house(stage), actor=Actor("demo"), at=stage.now())
    return url


def _house(stage: Stage) -> SettingUp:
    return setting_up(load(stage.sandbox.settings_toml))


async def _brought_to_its_end(stage: Stage) -> None:
    steps = json.loads(await stage.vorzimmer("order", "show", "1", "--json"))["steps"]
    asked = next(str(step["n"]) for step in steps if step["title"]["de"].startswith("Technisch prüfen"))
    await stage.vorzimmer("order", "answer", "1", asked, "Geht bis Freitag.")
    for step in steps:
        await stage.vorzimmer("order", "done", "1", str(step["n"]))
    await stage.letter("Fertig: Auftrag 1")
    await stage.show("order", "charges")


async def in_the_portal(stage: Stage, caller: str) -> None:
    """Bella uploads an mp3 with a cover picture and approves it; the next caller hears it, and the menu behind it."""
    as_client = ("--name", "Bella Blick", "--role", "client", "--client", "optik")
    password = (await stage.vorzimmer("user", "add", "bella", *as_client)).split()[-1]
    origin, pictures = f"http://localhost:{stage.sandbox.web_port}", stage.folder / "pictures"
    mp3 = await _with_cover(stage.folder / "Grüß Gott.mp3", pictures / "wall-light.png")
    with headset(stage.folder / "browser") as browser:
        async with at_the_page(browser, origin, pictures) as bella:
            await bella.enter(f"{origin}/#/announcements/greeting", "bella", password)
            await _uploaded(stage, bella, mp3)
            for name in ("menus", "hours"):
                await bella.page.goto(f"{origin}/#/{name}")
                await expect(bella.page.locator("main h1, main h2").first).to_be_visible()
                await bella.picture(f"portal-{name}")
            await _chosen_by_key(stage, caller)
            await stage.stored(caller)
            await bella.page.goto(f"{origin}/#/calls")
            await expect(bella.page.get_by_role("link", name=re.compile("weitergeleitet"))).to_be_visible()
            await bella.picture("portal-calls")


async def _uploaded(stage: Stage, bella: Person, mp3: Path) -> None:
    await bella.page.get_by_label("Datei hochladen").set_input_files(mp3)
    draft = bella.page.get_by_role("article", name=f"Datei {mp3.name}")
    await expect(draft.get_by_text("Entwurf")).to_be_visible()
    loudness = await draft.get_by_text(re.compile("Lautheit")).inner_text()
    await bella.picture("portal-announcement")
    await draft.get_by_role("button", name="Freigeben").click()
    await expect(draft.get_by_text("wird jetzt gehört")).to_be_visible()
    stage.say(f"   Bella has uploaded '{mp3.name}' with a cover picture ({loudness}), and approved it")


async def _chosen_by_key(stage: Stage, caller: str) -> None:
    call = await stage.call(DID, caller)
    await call.line.hears(SOUNDS["auswahl"], SURE)
    score = sound.similarity(call.line.heard(), UPLOADED)
    if score < SURE:
        raise DemoError(f"the caller did not hear the mp3 (correlation {score:.3f})")
    stage.say(f"   {caller} hears the mp3 (correlation {score:.3f}) …")
    call.line.press("1")
    blick = await stage.outside.invited()
    await blick.answer()
    blick.line.press("1")
    await hear_each_other(call, blick, 95)
    stage.say("   … and the menu, presses 1, and talks with Frau Blick")
    await call.hang_up()
    await blick.finished()


async def by_telephone(stage: Stage, caller: str) -> None:
    """Ben speaks the greeting on his telephone; once it is approved the next caller hears it."""
    await stage.show("client", "codes", "optik")
    async with stage.database() as conn:
        code = await conn.fetchval("SELECT code FROM client_code WHERE client_id = 'optik'")
    keypad = Keypad(stage, await stage.ben.at_the_keypad("*16"), "de")
    await keypad.answers("vm-toenternumber", f"{code}#")
    await keypad.answers("vm-toenternumber", "1#")
    await keypad.speaks(SPOKEN)
    await keypad.answers("vm-review", "2")
    await keypad.hears(SPOKEN)
    await keypad.answers("vm-review", "1")
    await keypad.asked("vm-msgsaved")
    await keypad.call.hang_up()
    stage.say("   Ben has dialled *16, spoken the greeting, heard it, and accepted it")
    await _approved(stage)
    call = await stage.call(DID, caller)
    await call.line.hears(SOUNDS["auswahl"], SURE)
    score = sound.similarity(call.line.heard(), SPOKEN)
    if score < SURE:
        raise DemoError(f"the caller did not hear what Ben has spoken (correlation {score:.3f})")
    stage.say(f"   {caller} hears what Ben has spoken (correlation {score:.3f}) …")
    call.line.press("2")
    await call.line.hears(SOUNDS["closed"], SURE)
    stage.say("   … presses 2, and is told when the shop opens next")
    await call.hang_up()


async def forwarding_watched(stage: Stage) -> None:
    """Optik Blick's own number is rung: it comes back to us; then its forwarding has been taken out."""
    for forwarded in (True, False):
        checking = asyncio.create_task(stage.ask(NumberCheck(actor="demo", client="optik", number=OWN_NUMBER)))
        rung = await stage.outside.invited()
        if forwarded:
            back = await stage.call(DID, str(rung.caller))
            if (await back.finished()).by != "far":
                raise DemoError("the check was answered")
        rung.reject(486)
        found = await checking
        stage.say(f"   {OWN_NUMBER} is {found['verdict']}: {found['reason']}")
        if (found["verdict"] == "forwarded") is not forwarded:
            raise DemoError("that is wrong")


async def _approved(stage: Stage) -> None:
    """As `vorzimmer announcement approve` does it, by the demo's clock."""
    sql = "SELECT id FROM announcement_version WHERE production = 'phone' AND state = 'draft'"
    async with stage.database() as conn:
        draft = int(await patiently(lambda: conn.fetchval(sql), bool))
        at = (await stage.wall()).at
        await announcements.approve(conn, "optik", draft, Actor("demo"), since=at, now=at)
    await asyncio.sleep(1)  # the calls process reads of it at once, but says so to nobody
    stage.say(f"   version {draft}, spoken by telephone, is approved")


async def _with_cover(mp3: Path, picture: Path) -> Path:
    """The greeting as a music program writes it: a picture stands before the sound (ID3v2.3, frame APIC)."""
    await to_mp3(sound.write_wav(mp3.with_suffix(".wav"), UPLOADED), mp3)
    await asyncio.to_thread(_put_before, mp3, picture)
    return mp3


def _put_before(mp3: Path, picture: Path) -> None:
    content = b"\0image/png\0\3\0" + picture.read_bytes()
    frame = b"APIC" + len(content).to_bytes(4, "big") + b"\0\0" + content
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    mp3.write_bytes(b"ID3\3\0\0" + size + frame + mp3.read_bytes())


ACTS = (
    Act("a client orders its set-up by a mailed link", by_a_link, ()),
    Act("before opening time the client's own number is rung, to see whether it comes to us", forwarding_watched, ()),
    Act(
        "an mp3 goes from the portal to the caller's ear, and a key leads on",
        in_the_portal,
        (Call("+49301000030", "optik", "forwarded", "contact", {"announcement": 1.0, "forwarded": 0.5}),),
    ),
    Act(
        "what is spoken over the telephone is heard by the next caller",
        by_telephone,
        (Call("+49301000031", "optik", "announced", None, {"announcement": 1.0}),),
    ),
)

"""The act in the browser: a call is answered, noted, put through and wrapped up on the agent's page."""

from __future__ import annotations

from playwright.async_api import expect

from tests.demo.act import Act, Call
from tests.demo.clara import SURE, VOICE, Person, at_the_page, headset
from tests.demo.people import hear_each_other, words
from tests.demo.stage import DemoError, Stage
from tests.sipp import sound
from tests.sipp.outgoing import Outgoing
from vorzimmer.core.ledger import Phase

DID = "+4989100006"
NOTED = "Im Treppenhaus tropft es von der Decke. Bitte heute noch."


async def in_the_browser(stage: Stage, caller: str) -> None:
    """Clara registers, answers, notes, asks Herr Sommer, puts through and wraps up; the boss looks at the wall."""
    origin = f"http://localhost:{stage.sandbox.web_port}"
    passwords = [
        (await stage.vorzimmer("user", "add", name, "--name", full, "--role", role, *more)).split()[-1]
        for name, full, role, *more in (
            ("clara", "Clara Conrad", "agent", "--agent", "clara"),
            ("boss", "Bruno Boss", "supervisor"),
        )
    ]
    pictures = stage.folder / "pictures"
    with headset(stage.folder / "browser") as browser:
        async with at_the_page(browser, origin, pictures) as clara, at_the_page(browser, origin, pictures) as boss:
            await clara.enter(origin, "clara", passwords[0])
            await clara.shows("logged_out")
            await expect(clara.page.locator(".phone-now.good")).to_be_visible()
            await clara.press("F2")
            await clara.shows("available")
            stage.say("   Clara has logged in at her page; the page is her telephone, and has registered")
            await clara.picture("idle")
            await boss.enter(f"{origin}/wall", "boss", passwords[1])
            call = await _rings(stage, clara, caller)
            await _noted(stage, clara, call)
            await boss.picture("wall")
            await _put_through(stage, clara, call, caller)
            await boss.page.goto(f"{origin}/wall#room")
            await expect(boss.page.get_by_role("heading", name="Raumansicht")).to_be_visible()
            await boss.picture("room")
            await clara.press("F2")
            await clara.shows("available")
            await clara.page.get_by_role("button", name="Abmelden").first.click()
            await clara.shows("logged_out")
    stage.say(f"   pictures of her page and of the wall: {pictures}")


async def _rings(stage: Stage, clara: Person, caller: str) -> Outgoing:
    """The client is on the screen while it rings."""
    call = await stage.call(DID, caller)
    await clara.shows("ringing")
    await expect(clara.page.get_by_role("heading", level=1)).to_have_text("Hausverwaltung Sommer")
    greeting = await clara.page.locator("blockquote").inner_text()
    stage.say(f"   her page rings and shows: '{greeting}'")
    await clara.picture("ringing")
    return call


async def _noted(stage: Stage, clara: Person, call: Outgoing) -> None:
    """Sound goes both ways; the note is written without a mouse."""
    await clara.press("F2")
    await clara.shows("talking")
    await call.line.hears(VOICE, SURE)
    before = await clara.packets()
    call.line.speak(words(92))
    await call.line.sent()
    if (heard := await clara.packets() - before) < 20:
        raise DemoError(f"only {heard} packets of the caller's words came to the browser")
    stage.say(
        f"   she answers by a key; the caller hears her, and {heard} packets of his words have come to her headset"
    )
    await expect(clara.page.get_by_label("Name *")).to_be_focused()
    await clara.page.keyboard.type("Herr Krause")
    await clara.page.get_by_label("Nachricht *").focus()
    await clara.page.keyboard.type(NOTED)
    await clara.press("Alt+u")
    await clara.picture("talking")
    await clara.press("Control+Enter")
    await expect(clara.page.get_by_text("Fertig um")).to_be_visible()
    stage.say("   she has written the note by the keyboard alone, marked it urgent, and finished it")


async def _put_through(stage: Stage, clara: Person, call: Outgoing, caller: str) -> None:
    """By a click; she asks first, and leaves the two alone."""
    await clara.page.get_by_role("button", name="Herr Sommer").first.click()
    sommer = await stage.outside.invited()
    await sommer.answer()
    await sommer.line.hears(VOICE, SURE)
    if sound.similarity(call.line.heard()[-sound.RATE :], VOICE) > SURE:
        raise DemoError("the caller heard what Clara said to Herr Sommer")
    await clara.picture("asking")
    stage.say("   she clicks at Herr Sommer, who answers and hears her; the caller hears music")
    await clara.press("F8")
    await clara.shows("wrap_up")
    await stage.comes_to(caller, Phase.PUT_THROUGH)
    await hear_each_other(call, sommer, 93)
    stage.say("   she presses F8 and is out of the call: caller and Herr Sommer hear each other")
    await clara.picture("wrap-up")
    await call.hang_up()
    await sommer.finished()


ACTS = (
    Act(
        "answered, noted and put through in a browser",
        in_the_browser,
        (Call("+49301000022", "sommer", "answered", "clara", {"talk": 2.0, "put_through": 0.5}, NOTED),),
    ),
)

"""Hostile callers, hostile phones and strangers, on the real Asterisk.

A caller decides what stands in From, Request-URI and headers; a called phone decides what it answers; a stranger sends
what he likes to the SIP port. None of them may forge an event, inject a header, run anything, see a number that is
withheld, dial at our cost, or stop the calls of others.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import email
import email.policy
import json
import logging
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog

from tests.e2e.attack_tools import FORGED, Listener, Stranger, raw_mails, redirect
from tests.e2e.house import CALLER, House, eventually
from tests.e2e.test_calls import DID, MACHINE, MOBILE, OFFICE, client, group, talking
from tests.sipp import sip, sound
from tests.sipp.call import Call
from tests.sipp.phone import Phone
from vorzimmer import log
from vorzimmer.announcements.convert import BadAudio
from vorzimmer.announcements.library import install, media_uri
from vorzimmer.asterisk.ami import Ami
from vorzimmer.asterisk.reachability import Reachability
from vorzimmer.core.announcement import Sound
from vorzimmer.roles import house as house_role

NUMBER = re.compile(r"\+?[0-9]{1,20}")
HEADERS = {
    *("return-path", "delivered-to", "content-type", "mime-version", "from", "to", "subject", "date", "message-id"),
    "auto-submitted",
}
"""All headers of our mails, those of the mail server included."""

MOBILE_DID = "+4989123457"


# What is left behind


@pytest.fixture
def log_lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The daemon logs as in production; gives every line, and fails on one that is no JSON object by itself."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    log.configure(terminal=False)

    def read() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in capsys.readouterr().err.split("\n") if line]
        assert all(isinstance(line, dict) for line in lines)
        return lines

    yield read
    logging.captureWarnings(capture=False)
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def reachability(monkeypatch: pytest.MonkeyPatch) -> list[Reachability]:
    """What the daemon believes of the phones."""
    made: list[Reachability] = []

    def keep(ami: Ami) -> Reachability:
        made.append(Reachability(ami))
        return made[-1]

    monkeypatch.setattr(house_role, "Reachability", keep)
    return made


@pytest.fixture
async def ami(house: House) -> AsyncIterator[Listener]:
    """Hears what the daemon's own user can hear at the manager interface."""
    sandbox = house.sandbox
    async with Listener.open(sandbox.ami_port, sandbox.ami_user, sandbox.ami_password) as listener:
        yield listener


@contextlib.asynccontextmanager
async def declining(phone: Phone) -> AsyncIterator[None]:
    """The phone is busy for everybody."""

    async def decline() -> None:
        while True:
            (await phone.invited(patience=3600)).reject(486)

    task = asyncio.create_task(decline())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def strings(value: Any) -> Iterator[str]:
    """Every string in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


async def all_clean(house: House, calls: int) -> list[Any]:
    """The CDRs of so many calls; every value that came from the network is harmless, in rows, events and Asterisk's."""
    cdrs = await house.cdrs(calls)
    for cdr in cdrs:
        assert all(cdr[key] is None or NUMBER.fullmatch(cdr[key]) for key in ("did", "caller", "diverted_from"))
        name = cdr["caller_name"]
        assert name is None or (name.isprintable() and len(name) <= 80 and "=?" not in name)
    events = await house.query("SELECT data::text FROM call_event")
    assert all(text.isprintable() for row in events for text in strings(json.loads(row["data"])))
    witness = house.sandbox.cdr.read_text(errors="replace")
    assert len({len(row) for row in csv.reader(witness.splitlines())}) == 1
    return cdrs


async def mails_clean(house: House, count: int) -> list[bytes]:
    """The raw mails of so many calls: our own headers and no other, to the client and nobody else."""
    await house.mails(count)
    mails = raw_mails(house.sandbox.mail, house.address)
    for raw in mails:
        mail = email.message_from_bytes(raw, policy=email.policy.compat32)
        assert Counter(key.lower() for key in mail) == Counter(HEADERS)
        assert str(mail["To"]) == house.address
    assert not any(b"victim" in file.read_bytes()[:200] for file in (house.sandbox.mail / "new").glob("*.eml"))
    return mails


# Hostile callers


@dataclass(frozen=True)
class Attack:
    """A call with hostile values. `caller`: what must stand in the CDR; empty where the attack is on that itself."""

    what: str
    name: str = ""
    from_: str = ""
    headers: tuple[str, ...] = ()
    to: str = DID
    caller: str | None = CALLER

    @property
    def sender(self) -> str:
        """The From value."""
        escaped = self.name.replace("\\", "\\\\").replace('"', '\\"')
        return self.from_ or f'"{escaped}" <sip:{CALLER}@carrier.invalid>'


def headers_with(value: str, uri: str) -> tuple[str, ...]:
    """The value in every header that is read, or that one might think of reading."""
    return (
        f'Diversion: "{value}" <sip:+4989777{uri}@carrier.invalid>;reason=unconditional',
        f'History-Info: "{value}" <sip:+4989777{uri}@carrier.invalid?Reason={uri}>;index=1',
        f'P-Asserted-Identity: "{value}" <sip:{CALLER}@carrier.invalid>',
    )


def attacks(marker: Path) -> list[Attack]:
    """Every attack on a call that Asterisk understands. `marker`: a file that nobody may make."""
    touch = f"touch {marker}"
    code = [f"x):System({touch})", f"${{SHELL({touch})}}", ")}${FILE(/etc/passwd)}", f"$[1]}})?System({touch}):"]
    names = {
        "a forged event": FORGED,
        "an encoded word": "=?utf-8?q?a=0d=0aBcc:victim@client.example?=",
        "an encoded word in an encoded word": "=?=?utf-8?q?a=0d=0aBcc:victim@client.example?=",
        "HTML": "<script>alert(1)</script> R&D <img src=x>",
        "terminal escapes": "\x1b[2J\x1b]0;x\x07 red \x9b31m\x08",
        "JSON": '{"a": "b\\"}],\\u0000',
        "marks of direction, line separators, emoji": "\u202egnp.exe\u200f\u2066 \u2028Event: x\u2029\x85 😀",
        "bytes that are no UTF-8": "M\udcfcller \udcc0\udc8a \udced\udca0\udc80 \udcff",
        "a null byte": "a\x00b",
        "separators": 'a,b;c|d"e\\f',
        "4 kB": "A" * 4000,
        **{f"dialplan code {n}": text for n, text in enumerate(code)},
    }
    return [
        *(Attack(f"{what} in the display name", name=name) for what, name in names.items()),
        Attack("a forged event in From's user", from_=f"<sip:{CALLER}{FORGED}@x.invalid>", caller=""),
        Attack("a null byte in From's user", from_=f"<sip:{CALLER}%00{FORGED}@x.invalid>"),
        Attack("4 kB in From's user", from_=f"<sip:+{'1' * 4000}@x.invalid>", caller=None),
        Attack("a name in From's user", from_=f"<sip:{quote(code[0])}@x.invalid>", caller=""),
        *(
            Attack(f"{text} in From's user", from_=f"<sip:{quote(text, safe='')}@x.invalid>", caller="")
            for text in code
        ),
        Attack("a null byte in the Request-URI", to=f"{DID}%00{FORGED}"),
        Attack("a forged event in headers", headers=headers_with(FORGED, FORGED)),
        *(Attack(f"{text} in headers", headers=headers_with(text, quote(text, safe=""))) for text in code),
        *(Attack(f"{text} raw in headers", headers=(f"History-Info: {text}", f"Privacy: {text}")) for text in code),
        Attack("separators in headers", headers=('History-Info: <sip:+4989,a,b|c;d"e\\f@x>;index=1',)),
        *(
            Attack(f"4 kB in {name}", headers=(f"{name}: <sip:{'9' * 4000}@x>",))
            for name in ("Diversion", "History-Info")
        ),
    ]


UNREADABLE = (
    Attack("a line break in the display name", from_=f'"Joe\r\nBcc: victim@client.example\r\n" <sip:{CALLER}@x>'),
    Attack("a folded line in the display name", from_=f'"Joe\r\n Bcc: victim@client.example" <sip:{CALLER}@x>'),
    Attack("a forged event in the Request-URI", to=f"{DID}{FORGED}"),
    Attack("a line break in the Request-URI", to=f"{DID}%0d%0a"),
    Attack("bytes that are no UTF-8 in From's user", from_="<sip:+49\udcff@x>"),
    Attack("no user in From", from_="<sip:@x>"),
)
"""Attacks that Asterisk refuses or does not even understand."""


async def test_nothing_that_a_caller_sends_takes_effect(
    house: House,
    ami: Listener,
    reachability: list[Reachability],
    log_lines: Callable[[], list[dict[str, Any]]],
) -> None:
    """Line breaks, forged events, encoded words, markup, terminal codes, dialplan code, broken and huge text.

    In From, display name, Request-URI, Diversion, History-Info, P-Asserted-Identity and Privacy: the call is handled
    with its true numbers in their places; no event, header, tag, log line or command comes of it.
    """
    marker = house.folder / "pwned"
    hostile = attacks(marker)
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    before = reachability[0].endpoints()
    refused = [await house.call(attack.to, attack.sender, attack.headers) for attack in UNREADABLE]
    async with declining(await house.agent(1)):
        for attack in hostile:
            call = await house.call(attack.to, attack.sender, attack.headers)
            assert (await call.finished()).status == 480, attack.what
    assert not any(call.answered_at or 180 in call.statuses for call in refused)

    cdrs = await all_clean(house, len(hostile))
    for attack, cdr in zip(hostile, cdrs, strict=True):
        assert (cdr["did"], cdr["withheld"], cdr["client"]) == (DID, False, "mueller"), attack.what
        assert cdr["caller"] == attack.caller or attack.caller == "", attack.what
    mails = await mails_clean(house, len(hostile))
    pages = [html_of(raw) for raw in mails]
    assert not any("<script" in page or "<img" in page for page in pages)
    assert any("R&amp;D" in page for page in pages)
    assert Counter(line["event"] for line in log_lines())["call.ended"] == len(hostile)
    assert not marker.exists()

    heard = await ami.events()
    assert {event["Privilege"] for event in heard} == {"system,all"}
    assert "PeerStatus" not in {event["Event"] for event in heard}
    assert reachability[0].endpoints() == before
    assert "agent1" not in reachability[0].unreachable()


def html_of(raw: bytes) -> str:
    """The HTML part of a mail."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    return "".join(part.get_content() for part in mail.walk() if part.get_content_type() == "text/html")


async def test_what_is_no_number_reaches_nobody(house: House) -> None:
    """Paths, letters, Asterisk's special extensions, our own labels: refused at once, without a call or a CDR."""
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    dialled = [
        "../../etc",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "*",
        "#",
        "+",
        "0",
        "s",
        "i",
        "h",
        "t",
        "o",
        "a",
        "alone",
    ]
    dialled += ["arrive", "abc", "1" * 40, "1" * 4000, "0089%2f..", f"{DID};phone-context=x", f"{DID}%0d%0a", "+49x89"]
    calls = [await house.call(to) for to in dialled]
    statuses = {to: (await call.finished()).status for to, call in zip(dialled, calls, strict=True)}
    assert set(statuses.values()) <= {404, 484}, statuses
    async with declining(await house.agent(1)):
        assert (await (await house.call(DID)).finished()).status == 480
    assert (await house.cdr())["did"] == DID


async def test_alone_the_dialplan_holds_too(house: House) -> None:
    """Daemon away: hostile numbers, names and diversions reach no file but the call's own, and are clean when taken up.

    Line separators in a name would begin lines of their own in the note of the call.
    """
    await house.use(client(MACHINE))
    await house.start()
    await house.dialplan_ready(0)
    await house.stop()
    fallback = house.sandbox.fallback
    before = {path for path in fallback.rglob("*") if path.parent.name != "calls"}
    marker = house.folder / "pwned"
    path = quote("../../../../etc/passwd", safe="")
    hostile = [
        Attack("a path in Diversion", headers=(f"Diversion: <sip:{path}@x>;reason=unconditional",)),
        Attack("a path in History-Info", headers=("History-Info: <sip:/../../../etc@x>;index=1",)),
        Attack("lines in the name", name=f"x\u2028did=+49891\u2029ended=0 16\x85caller=+49892\udcff {FORGED}"),
        Attack(
            "dialplan code", name=f"${{SHELL(touch {marker})}}", headers=(f"History-Info: ${{SHELL(touch {marker})}}",)
        ),
        Attack("zeros", to="0000000000"),
        Attack("dashes", to="4-9-8-9-9-9-9"),
        Attack("short", to="00"),
    ]
    calls = [await house.call(attack.to, attack.sender, attack.headers) for attack in hostile]
    for call in calls:
        await call.answered(patience=20)
    await asyncio.gather(*(call.hang_up() for call in calls))
    await house.quiet()
    assert {path for path in fallback.rglob("*") if path.parent.name != "calls"} == before
    assert not marker.exists()
    await house.start()
    cdrs = await all_clean(house, len(hostile))
    assert Counter(cdr["did"] for cdr in cdrs)[DID] == 4
    assert {cdr["caller"] for cdr in cdrs} == {CALLER}
    await mails_clean(house, 4)


async def test_a_mark_only_hurts_the_call_that_bears_it(house: House) -> None:
    """Whoever sends the mark of our trunk legs is taken for a loop and gets busy; the call that he names goes on."""
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    phone = await house.agent(1)
    call = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    [arrived] = await eventually(lambda: house.query("SELECT DISTINCT call_id FROM call_event"), bool)
    for mark in (arrived["call_id"], FORGED, "${SHELL(touch x)}", "9" * 4000):
        looped = await house.call(DID, headers=(f"X-Vorzimmer-Call: {mark}",))
        assert (await looped.finished()).status == 486
    await talking(call, talk)
    await call.hang_up()
    assert Counter(cdr["cause"] for cdr in await all_clean(house, 5)) == {17: 4, 16: 1}


# Who withholds the number

SECRET = "7654321"
HIDDEN = f'"Erika Geheim" <sip:+4930{SECRET}@carrier.invalid>'
ASSERTED = f"P-Asserted-Identity: {HIDDEN}"
WITHHELD = (
    (HIDDEN, ("Privacy: id",)),
    (HIDDEN, ("Privacy: user",)),
    (HIDDEN, ("Privacy: header", ASSERTED)),
    (HIDDEN, ("Privacy: full",)),
    (HIDDEN, ("privacy: ID;Critical", ASSERTED)),
    (HIDDEN, ("Privacy: session;user", ASSERTED)),
    (sip.ANONYMOUS, ("Privacy: id", ASSERTED)),
    (sip.ANONYMOUS, (ASSERTED,)),
    ("<sip:anonymous@carrier.invalid>", (ASSERTED,)),
    (f"<sip:{SECRET}@anonymous.invalid>", ()),
    (sip.ANONYMOUS, (f"Remote-Party-ID: {HIDDEN};party=calling;privacy=full",)),
)
"""From and headers of callers who withhold their number, each in another way."""


async def test_a_withheld_number_is_nowhere(
    house: House, ami: Listener, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    """However it is withheld: number and name stand in no row, file, log, mail, AMI event or SIP message of ours."""
    trunk = house.settings.trunk.model_copy(update={"show": "caller"})
    house.settings = house.settings.model_copy(update={"trunk": trunk})
    await house.use(client(group(), MOBILE), groups=(OFFICE,))
    await house.start()
    phone, outside = await house.agent(1), await house.trunk()
    for from_, headers in WITHHELD:
        call = await house.call(DID, from_, headers)
        (await phone.invited()).reject(486)
        (await outside.invited()).reject(486)
        await call.finished()
    # Twice to the end: through talk, with the number sent once more in the middle of the call.
    for who in (phone, outside):
        call = await house.call(DID, *WITHHELD[0])
        if who is outside:
            (await phone.invited()).reject(486)
        talk = await who.invited()
        await talk.answer()
        talk.line.press("1")
        await talking(call, talk)
        call._request("INVITE", (ASSERTED,), call.invite.body)
        await answered(call, "INVITE", 2)
        await call.hang_up()
        await talk.finished()

    cdrs = await house.cdrs(len(WITHHELD) + 2)
    assert {(cdr["withheld"], cdr["caller"], cdr["caller_name"]) for cdr in cdrs} == {(True, None, None)}
    mails = await mails_clean(house, len(cdrs))
    told = [str(call.received) for one in (phone, outside) for call in one.incoming]
    told += [html_of(raw) for raw in mails] + [raw.decode() for raw in mails]
    told += [str(line) for line in log_lines()] + [str(await ami.events())]
    told += [
        file.read_bytes().decode(errors="replace") for file in house.settings.paths.state.rglob("*") if file.is_file()
    ]
    told += await every_row(house)
    told += [house.sandbox.cdr.read_text(errors="replace")]
    assert not [text for text in told if SECRET in text or "Geheim" in text]


async def every_row(house: House) -> list[str]:
    """All that stands in the database."""
    tables = await house.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [await house.query(f'SELECT t::text AS row FROM "{table["tablename"]}" t') for table in tables]  # noqa: S608 - names from the catalogue
    return [row["row"] for found in rows for row in found]


async def answered(call: Call, method: str, times: int = 1) -> int:
    """Wait for so many final answers to requests of a kind; the status of the last one."""

    def finals() -> list[int]:
        return [message.status for message in call.received if message.method == method and message.status >= 200]

    await call.until(f"{times} answers to {method}", lambda: len(finals()) >= times)
    return finals()[-1]


async def test_nobody_learns_the_others_number_by_talking(house: House) -> None:
    """The caller is not shown the client's mobile, and the mobile is shown the DID as set: also once they talk."""
    await house.use(client(MOBILE))
    await house.start()
    outside = await house.trunk()
    call = await house.call(DID)
    mobile = await outside.invited()
    await mobile.answer()
    mobile.line.press("1")
    await talking(call, mobile)
    await mobile.hang_up()
    await call.finished()
    assert str(MOBILE["number"]) not in str([message.lines for message in call.received])
    assert CALLER not in str([message.lines for message in mobile.received])


# Hostile phones, and callers who would transfer


async def test_a_called_phone_sends_the_call_nowhere(house: House) -> None:
    """302 from an agent's phone or from outside is a refusal: no premium number, dialplan or other phone is dialled.

    Asterisk's own dialling would follow it over the trunk, past the gate.
    """
    await house.use(client(group()), client(MOBILE, id="mobile", dids=[MOBILE_DID]), groups=(OFFICE,))
    await house.start()
    phone, outside, other = await house.agent(1), await house.trunk(), await house.agent(2)
    targets = ["PJSIP%2f09001234567%40trunk", "PJSIP/09001234567%40trunk", "PJSIP%2fagent2", "09001234567", DID]
    targets += [f"Local%2f{DID}%40from-trunk"]
    for target in targets:
        for did, called in ((DID, phone), (MOBILE_DID, outside)):
            call = await house.call(did)
            redirect(await called.invited(), f"sip:{target}@127.0.0.1:{house.sandbox.trunk_port}")
            assert (await call.finished()).status == 480
    await house.quiet()
    assert [len(one.incoming) for one in (phone, outside, other)] == [len(targets), len(targets), 0]
    assert {cdr["disposition"] for cdr in await house.cdrs(2 * len(targets))} == {"failed"}


async def test_nobody_transfers_by_himself(house: House) -> None:
    """REFER from a caller is declined, from a group's phone told to us alone; no second call, and the first goes on."""
    await house.use(client(group()), client(MOBILE, id="mobile", dids=[MOBILE_DID]), groups=(OFFICE,))
    await house.start()
    phone, outside = await house.agent(1), await house.trunk()
    call = await house.call(DID)
    talk = await phone.invited()
    await talk.answer()
    await talking(call, talk)
    # *14 is what an agent's phone can dial: Asterisk would send the caller there.
    for one, to, times, status in ((call, MOBILE_DID, 1, 603), (talk, MOBILE_DID, 1, 202), (talk, "*14", 2, 202)):
        one._request("REFER", (f"Refer-To: <sip:{to}@127.0.0.1>", "Referred-By: <sip:x@127.0.0.1>"))
        assert await answered(one, "REFER", times) == status
    call.line.speak(sound.announcement(98))
    await talk.line.hears(sound.announcement(98))
    await talking(call, talk)
    await call.hang_up()
    assert (await house.cdr())["disposition"] == "answered"
    assert outside.incoming == []


# Strangers


async def test_a_stranger_gets_no_call(house: House) -> None:
    """From an address that is not the trunk's: 401 for INVITE, REGISTER and all else, whoever he says he is."""
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    phone = await house.agent(1)
    target = ("127.0.0.1", house.sandbox.sip_port)
    async with await Stranger.open("127.0.0.2") as stranger:
        for user in ("trunk", "agent1", "softphone1", "sandbox-caller", CALLER, "anonymous", "x%0d%0aEvent%3a%20y"):
            for method in ("INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE", "MESSAGE", "REFER"):
                assert await stranger.ask(target, method, DID, user) == 401, (user, method)
    async with await Phone.open("127.0.0.2") as thief:
        call = await thief.call(DID, target, CALLER, headers=(f"P-Asserted-Identity: <sip:{CALLER}@x>",))
        assert (await call.finished()).status == 401
    assert phone.incoming == []
    assert await house.query("SELECT 1 FROM call_event") == []


async def test_a_flood_stops_no_call(house: House) -> None:
    """2000 packets from a stranger, requests and garbage, while somebody calls: the call is answered all the same."""
    await house.use(client(group()), groups=(OFFICE,))
    await house.start()
    phone = await house.agent(1)
    target = ("127.0.0.1", house.sandbox.sip_port)
    garbage = (
        b"\x00" * 900,
        b"\r\n\r\n",
        b"INVITE",
        bytes(range(256)) * 4,
        b"SIP/2.0 200 OK\r\nVia: \xff\r\n\r\n",
        b"",
    )
    async with await Stranger.open("127.0.0.2") as stranger:

        async def flood(packets: int) -> None:
            for n in range(packets):
                stranger.throw(target, ("OPTIONS", "INVITE", "REGISTER")[n % 3], DID, f"agent{n}")
                stranger.throw_garbage(target, garbage[n % len(garbage)])
                if n % 20 == 0:
                    await asyncio.sleep(0)

        await flood(250)
        flooding = asyncio.create_task(flood(500))
        call = await house.call(DID)
        talk = await phone.invited()
        await talk.answer()
        await flooding
        await flood(250)
        await talking(call, talk)
        await call.hang_up()
        assert await stranger.ask(target, "OPTIONS", DID, "trunk") == 401
    assert set(stranger.answers.values()) == {401}
    assert (await house.cdr())["disposition"] == "answered"


# Files


async def test_no_announcement_comes_from_elsewhere(tmp_path: Path) -> None:
    """A link in a client's folder, to a system file or to another client's sound, is refused; nothing is changed."""
    library = tmp_path / "library"
    foreign = sound.write_wav(tmp_path / "praxis.wav", sound.announcement(1, 1.0))
    await install(library, "mueller", {Sound.CLOSED: foreign})
    before = {path: path.is_symlink() or path.is_dir() or path.read_bytes() for path in library.rglob("*")}
    for n, target in enumerate((Path("/etc/passwd"), foreign, Path("/dev/zero"))):
        link = tmp_path / f"closed{n}.wav"
        link.symlink_to(target)
        with pytest.raises(BadAudio, match=r"closed\d\.wav is a link"):
            await install(library, "mueller", {Sound.CLOSED: link})
    for client_id in ("../x", "/etc", "", ".", "a/b", "a\nb"):
        with pytest.raises(ValueError, match="no client's id"):
            await install(library, client_id, {})
    for media in (
        "lib:../../etc/passwd",
        "sys:../x",
        "sound:/etc/passwd",
        "lib:a/b,number:1",
        "http://x/y.wav",
        "lib:a/b\n",
    ):
        with pytest.raises(ValueError, match="no medium"):
            media_uri(library, media)
    assert {path: path.is_symlink() or path.is_dir() or path.read_bytes() for path in library.rglob("*")} == before

"""What was sent, over the API: the client's own people read it, the operator sends it again."""

from __future__ import annotations

import io
from email.message import EmailMessage
from typing import Any

import pytest
from PIL import Image

from tests.web.door import code_of
from tests.web.portal_house import MARK, PortalHouse
from tests.web.test_client_day import get
from vorzimmer.store import letters, sent_messages
from vorzimmer.store.sent_messages import Wanted


async def sent(
    portal: PortalHouse,
    client: str = "mueller",
    state: str = "sent",
    copy: tuple[str, bytes] | None = None,
    **values: Any,
) -> int:
    """A message in the outbox that had one attempt; its id."""
    made = {
        "call_id": "own",
        "channel": "email",
        "recipient": "office@mueller.example",
        "language": "de",
        "payload": '{"call_id": "own"}',
        "about": "call",
        **values,
    }
    names = ", ".join(made)
    holders = ", ".join(f"${n + 3}" for n in range(len(made)))
    message: int = await portal.conn.fetchval(
        f"INSERT INTO outbox (client_id, state, message_id, attempts, {names})"  # noqa: S608 - columns of this test
        f" VALUES ($1, $2, gen_random_uuid()::text, 1, {holders}) RETURNING id",
        client,
        state,
        *made.values(),
    )
    outcome = {"sent": "sent", "dead": "dead"}.get(state, "retry")
    await portal.conn.execute(
        "INSERT INTO outbox_attempt (outbox_id, outcome, detail) VALUES ($1, $2, $3)", message, outcome, "250 OK"
    )
    if copy is not None:
        await portal.conn.execute(
            "INSERT INTO outbox_copy (outbox_id, media_type, content) VALUES ($1, $2, $3)", message, *copy
        )
    return message


def mail() -> bytes:
    """As the mail server got it."""
    message = EmailMessage()
    message["Subject"] = "Anruf für Kanzlei Müller"
    message.set_content("Erika Muster hat angerufen.")
    message.add_alternative("<p>Erika Muster hat angerufen.</p>", subtype="html")
    message.add_attachment(b"mp3", maintype="audio", subtype="mpeg", filename="nachricht.mp3")
    return message.as_bytes()


def fax() -> bytes:
    """Two pages in coarse resolution, the second with a black half."""
    pages = [Image.new("1", (1728, 1146), 1), Image.new("1", (1728, 1146), 1)]
    pages[1].paste(0, (0, 0, 864, 1146))
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], compression="group4", dpi=(204, 98))
    return out.getvalue()


async def test_what_was_sent_is_listed_and_read(portal: PortalHouse) -> None:
    """Newest first, with the call and the last attempt; the mail as it was sent; what is not theirs is not there."""
    await portal.called("own", "mueller", portal.watch.at, caller="+491701234567", caller_name="Erika Muster")
    written = mail()
    first = await sent(portal, copy=("message/rfc822", written))
    second = await sent(portal, state="dead", channel="sms", recipient="+491701112223", rule="night")
    await sent(portal, state="skipped", recipient="nobody@mueller.example")
    foreign = await sent(portal, "meier", call_id="foreign", copy=("text/plain", MARK.encode()))
    erika = await portal.inside("erika")
    page = await get(erika, "/messages")
    assert ([one["id"] for one in page["messages"]], page["next"]) == ([second, first], None)
    told = page["messages"][0]
    assert (told["state"], told["to"], told["rule"], told["detail"]) == ("dead", "0170 1112223", "night", "250 OK")
    assert (told["call"]["id"], told["call"]["caller_name"], told["call"]["kind"]) == (
        "own",
        "Erika Muster",
        "answered",
    )
    for query, found in (
        ("?state=dead", [second]),
        ("?channel=email", [first]),
        ("?call=own", [second, first]),
        ("?call=foreign", []),
        (f"?before={second}", [first]),
    ):
        assert [one["id"] for one in (await get(erika, f"/messages{query}"))["messages"]] == found, query
    read = await get(erika, f"/messages/{first}")
    copy = read["copy_sent"]
    assert (copy["kind"], copy["subject"]) == ("mail", "Anruf für Kanzlei Müller")
    assert copy["text"].strip() == "Erika Muster hat angerufen."
    assert copy["html"].strip() == "<p>Erika Muster hat angerufen.</p>"
    assert copy["attachments"] == ["nachricht.mp3"]
    assert [(one["outcome"], one["detail"]) for one in read["tries"]] == [("sent", "250 OK")]
    file = await erika.ask("GET", f"/clients/mueller/messages/{first}/copy")
    assert file.content == written
    assert file.headers["content-disposition"] == f'attachment; filename="message-{first}.eml"'
    for path in (f"/messages/{foreign}", f"/messages/{foreign}/copy", f"/messages/{foreign}/pages/0", "/messages/999"):
        assert code_of(await erika.ask("GET", f"/clients/mueller{path}")) == (404, "unknown")


async def test_a_page_at_a_time(portal: PortalHouse) -> None:
    """The older ones are asked for with the last id; none comes twice, none is left out."""
    made = [await sent(portal, recipient=f"{n}@mueller.example") for n in range(60)]
    erika = await portal.inside("erika")
    page = await get(erika, "/messages")
    rest = await get(erika, f"/messages?before={page['next']}")
    assert [one["id"] for one in (*page["messages"], *rest["messages"])] == made[::-1]
    assert rest["next"] is None


async def test_copies_of_every_kind(portal: PortalHouse) -> None:
    """JSON indented, texts as they are, fax pages as pictures in right proportions; what is erased says so."""
    hook = await sent(portal, channel="webhook", recipient="https://a.example/", copy=("application/json", b'{"a":1}'))
    text = await sent(portal, channel="sms", recipient="+49170", copy=("text/plain; charset=utf-8", "Grüße".encode()))
    paper = await sent(portal, channel="fax", recipient="+4989", copy=("image/tiff", fax()))
    broken = await sent(portal, channel="fax", recipient="+4988", copy=("image/tiff", b"this is no fax"))
    gone = await sent(portal)
    dead = await sent(portal, state="dead", recipient="gone@mueller.example")
    await portal.conn.execute("UPDATE outbox SET erased_at = now() WHERE id = $1", dead)
    erika = await portal.inside("erika")
    assert (await get(erika, f"/messages/{hook}"))["copy_sent"]["text"] == '{\n  "a": 1\n}'
    assert (await get(erika, f"/messages/{text}"))["copy_sent"]["text"] == "Grüße"
    assert (await get(erika, f"/messages/{paper}"))["copy_sent"]["pages"] == 2
    assert (await get(erika, f"/messages/{broken}"))["copy_sent"]["pages"] == 0
    for message in (gone, dead):
        read = await get(erika, f"/messages/{message}")
        assert (read["copy_sent"], read["erased"]) == (None, True)
    picture = await erika.ask("GET", f"/clients/mueller/messages/{paper}/pages/1")
    assert picture.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(picture.content)) as image:
        assert image.size == (1000, round(1146 * 204 / 98 * 1000 / 1728))
        assert (image.getpixel((100, 500)), image.getpixel((900, 500))) == (0, 255)
    for message, page in ((paper, 2), (broken, 0), (text, 0)):
        assert code_of(await erika.ask("GET", f"/clients/mueller/messages/{message}/pages/{page}")) == (404, "unknown")


async def test_letters_are_no_way_in(portal: PortalHouse) -> None:
    """A link to choose a password is in nobody's list but the operator's, and what was written in nobody's at all."""
    data = {"link": "https://house.example/#reset=TOKEN"}
    for kind in ("password_reset", "test_message"):
        await letters.post(
            portal.conn,
            key=f"{kind}:1",
            kind=kind,
            to=["erika@mueller.example"],
            language="de",
            data=data,
            client="mueller",
        )
    reset, test = [row["id"] for row in await portal.conn.fetch("SELECT id FROM outbox ORDER BY id")]
    for message in (reset, test):
        await portal.conn.execute(
            "INSERT INTO outbox_copy (outbox_id, media_type, content) VALUES ($1, 'text/plain', 'TOKEN')", message
        )
    max_ = await portal.inside("max")
    assert [(one["id"], one["about"]) for one in (await get(max_, "/messages"))["messages"]] == [(test, "test")]
    assert code_of(await max_.ask("GET", f"/clients/mueller/messages/{reset}")) == (404, "unknown")
    root = await portal.inside("root")
    listed = (await root.ask("GET", "/messages")).json()["messages"]
    assert [(one["id"], one["about"]) for one in listed] == [(test, "test"), (reset, "letter")]
    told = (await root.ask("GET", f"/messages/{reset}")).json()
    assert told["copy_sent"] is None


async def test_the_operator_sends_again(portal: PortalHouse) -> None:
    """One by one or all of a target; what is not dead is not sent again; each stands in the trail."""
    one = await sent(portal, state="dead")
    hooks = [await sent(portal, state="dead", channel="webhook", recipient=f"https://a.example/{n}") for n in range(3)]
    other = await sent(portal, state="dead", channel="webhook", recipient="https://b.example/")
    done = await sent(portal, recipient="b@mueller.example")
    root = await portal.inside("root")
    listed = (await root.ask("GET", "/messages?state=dead&target=a.example")).json()["messages"]
    assert [message["id"] for message in listed] == hooks[::-1]
    told = await root.ask("POST", f"/messages/{one}/resend")
    assert (told.status_code, told.json()["state"]) == (200, "pending")
    assert code_of(await root.ask("POST", f"/messages/{done}/resend")) == (409, "not_now")
    assert code_of(await root.ask("POST", "/messages/999999/resend")) == (404, "unknown")
    many = await root.ask("POST", "/messages/resend", {"target": "a.example"})
    assert many.json() == {"count": 3, "more": False}
    assert code_of(await root.ask("POST", "/messages/resend", {})) == (422, "bad_request")
    dead = await portal.conn.fetch("SELECT id FROM outbox WHERE state = 'dead'")
    assert [row["id"] for row in dead] == [other]
    given = await root.ask("POST", f"/messages/{one}/give-up")
    assert given.status_code == 200, given.text
    assert given.json()["state"] != "pending"
    assert await portal.conn.fetchval("SELECT count(*) FROM audit WHERE about = $1", str(one)) == 2


@pytest.mark.parametrize("user", ["erika", "chief", "anna"])
async def test_only_the_operator_sends_again(portal: PortalHouse, user: str) -> None:
    """All of the house is nobody else's matter."""
    message = await sent(portal, state="dead")
    person = await portal.inside(user)
    for method, path in (("GET", ""), ("GET", f"/{message}"), ("POST", f"/{message}/resend"), ("POST", "/resend")):
        body = {"client": "mueller"} if method == "POST" else None
        assert code_of(await person.ask(method, f"/messages{path}", body)) == (403, "forbidden")


async def test_lists_stay_quick_however_much_was_sent(portal: PortalHouse) -> None:
    """Each list follows an index: it looks at the rows of its page, not at 100,000."""
    await portal.conn.execute(
        "INSERT INTO outbox (call_id, client_id, channel, recipient, language, payload, message_id, state)"
        " SELECT 'c' || n, CASE WHEN n % 1000 = 0 THEN 'mueller' ELSE 'meier' END, 'email', 'a@b.example', 'de', '{}',"
        " 'm' || n, CASE WHEN n % 500 = 1 THEN 'dead' ELSE 'sent' END FROM generate_series(1, 100000) AS n"
    )
    await portal.conn.execute("ANALYZE outbox")
    for wanted, index in (
        (Wanted(client="mueller", theirs=True), "outbox_client"),
        (Wanted(client="mueller", call="c1000", theirs=True), "outbox_once"),
        (Wanted(state="dead"), "outbox_dead_by_id"),
        (Wanted(state="dead", channel="email"), "outbox_dead_by_id"),
    ):
        query, values = sent_messages._query(wanted, 51)
        plan = "\n".join(row[0] for row in await portal.conn.fetch(f"EXPLAIN {query}", *values))
        assert index in plan, plan

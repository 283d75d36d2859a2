"""The calculator for everybody: numbers or a log in, advice, table and plot out; nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest

from tests.web.portal_house import MONDAY, PortalHouse
from vorzimmer.billing.worth_answer import answered
from vorzimmer.core.account import BillingBook
from vorzimmer.core.worth_asked import Answer, Asked
from vorzimmer.store import billing_book
from vorzimmer.web.worth import MOST_KNOWN, OFTEN, WITHIN, Busy, Turns, fields

BOOK = {
    "tariff": [
        {
            "id": "each",
            "name": "Each <call>",
            "since": "2026-01-01",
            "positions": [{"kind": "calls", "id": "calls", "name": "Calls", "price": "1.00"}],
        },
        {
            "id": "flat",
            "name": "Flat",
            "since": "2026-01-01",
            "positions": [{"kind": "recurring", "id": "flat", "name": "Flat", "amount": "40.00"}],
        },
    ]
}
LOG = "Datum;Uhrzeit;Dauer\n" + "".join(f"{day:02}.11.2026;09:{n:02};90\n" for day in range(2, 7) for n in range(5))


@dataclass
class Calculating:
    """The calculator, here and now. `busy`: it says so."""

    busy: bool = False
    asked: list[Asked] = field(default_factory=list)

    async def __call__(self, asked: Asked) -> Answer:
        """The answer."""
        self.asked.append(asked)
        if self.busy:
            raise Busy
        return answered(asked)


@pytest.fixture
async def calculating(portal: PortalHouse) -> Calculating:
    """A house with two tariffs."""
    await billing_book.save(portal.conn, BillingBook.model_validate(BOOK), "test")
    found = Calculating()
    object.__setattr__(portal.parts, "worth", found)
    return found


async def ask(client: httpx.AsyncClient, told: Mapping[str, str], log: bytes = b"", lang: str = "de") -> httpx.Response:
    """Send the form as a browser does."""
    files: dict[str, tuple[str | None, bytes]] = {name: (None, told[name].encode()) for name in told}
    return await client.post(f"/worth?lang={lang}", files={"log": ("log.csv" if log else "", log), **files})


async def test_numbers_are_enough(portal: PortalHouse, calculating: Calculating) -> None:
    """Advice stands first, what was typed stands in the form again; names are text, the plot comes along."""
    client = (await portal.browser("192.0.2.9")).client
    form = await client.get("/worth", headers={"Accept-Language": "en-GB,en"})
    assert (form.status_code, "Is a flat rate worth it?" in form.text) == (200, True)
    page = await ask(client, {"mon": "10", "tue": "12", "minutes": "2,5"})
    assert page.status_code == 200
    [asked] = calculating.asked
    assert (asked.week, asked.seconds, asked.month.month) == ((10, 12, 0, 0, 0, 0, 0), 150, 12)
    assert "ist „Flat“ am günstigsten: 40 €; das gilt ab 41 Anrufen." in page.text
    assert "Each &lt;call&gt;" in page.text
    assert 'src="data:image/svg+xml;base64,' in page.text
    assert 'value="2,5"' in page.text
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert (await client.get("/worth/look.css")).status_code == 200


async def test_a_log_goes_before_numbers(portal: PortalHouse, calculating: Calculating) -> None:
    """As a file, byte by byte; what is pasted is the same."""
    client = (await portal.browser("192.0.2.9")).client
    page = await ask(client, {"mon": "1", "text": "x"}, LOG.encode("utf-16"), "en")
    assert "The log has 25 calls on 5 days (2 November 2026 to 6 November 2026)." in page.text
    calculating.busy = True
    await ask(client, {"text": f"\r\n{LOG}"})
    assert [one.log for one in calculating.asked] == [LOG.encode("utf-16"), LOG.encode().strip()]


@pytest.mark.usefixtures("calculating")
@pytest.mark.parametrize(
    ("told", "log", "said"),
    [
        ({}, b"", "Bitte geben Sie an, wie viele Anrufe Sie haben"),
        ({"mon": "-1"}, b"", "Je Tag bitte eine ganze Zahl"),
        ({"mon": "1", "minutes": "nan"}, b"", "Je Tag bitte eine ganze Zahl"),
        ({"mon": "1e9"}, b"", "Je Tag bitte eine ganze Zahl"),
        ({}, b"Datum;Zeit;Dauer\n3.11.2026;9:00;<b>\n", "Zeile 2: Das ist keine Dauer"),
        ({}, LOG.encode() + b"3.11.2026;9:00;5\n" * 5000, "mehr als 5000 Zeilen"),
    ],
    ids=["nothing", "negative", "nan", "huge", "log", "long"],
)
async def test_what_cannot_be_is_said(portal: PortalHouse, told: Mapping[str, str], log: bytes, said: str) -> None:
    """In a sentence above the form."""
    page = await ask((await portal.browser("192.0.2.9")).client, told, log)
    assert page.status_code == 422
    assert said in page.text
    assert "<b>" not in page.text


async def test_rubbish_and_too_much_are_refused(portal: PortalHouse, calculating: Calculating) -> None:
    """Before anything is reckoned."""
    client = (await portal.browser("192.0.2.9")).client
    assert (await client.post("/worth", data={"mon": "1"})).status_code == 422
    large = await client.post("/worth", content=b"x" * 1_100_000)
    assert (large.status_code, large.text.split("\n")[0]) == (
        413,
        "Das Protokoll ist zu groß: höchstens 1 MB. Eine Woche genügt.",
    )
    assert calculating.asked == []
    with pytest.raises(ValueError, match="very long"):
        fields("multipart/form-data; boundary=x", b"--x\r\n\r\n" * 50)


@pytest.mark.parametrize("head", [b"; " * 250_000, b"name=" + b"(" * 5000, b'name="' + b"=?utf-8?q?a?=" * 20_000])
def test_no_header_of_a_field_takes_long(head: bytes) -> None:
    """What would keep a reader of mails busy for hours, or make it fall over, is a field without a name."""
    form = b"--x\r\nContent-Disposition: form-data; %s\r\n\r\n1\r\n--x\r\n" % head
    form += (
        b'Content-Disposition: form-data; name="mon"; filename="a;b"\r\nContent-Type: text/csv\r\n\r\na\r\n--x--\r\n'
    )
    assert fields("multipart/form-data; boundary=x", form) == {"mon": b"a"}
    for kind in ("multipart/form-data; boundary=x; a=" + "(" * 3000, "text/plain", "multipart/form-data; boundary="):
        with pytest.raises(ValueError, match="no form"):
            fields(kind, form)
    with pytest.raises(ValueError, match="no form"):
        fields("multipart/form-data; boundary=x", form[:-8])


async def test_who_asks_too_often_waits(portal: PortalHouse, calculating: Calculating) -> None:
    """Others do not, and the process that reckons may be busy itself."""
    calculating.busy = True
    client = (await portal.browser("192.0.2.9")).client
    answers = [await ask(client, {"mon": "1"}) for _ in range(OFTEN + 1)]
    assert [one.status_code for one in answers] == [503] * OFTEN + [429]
    assert (await ask((await portal.browser("198.51.100.9")).client, {"mon": "1"})).status_code == 503
    portal.watch.at += WITHIN
    assert (await ask(client, {"mon": "1"})).status_code == 503


async def test_a_house_without_a_calculator_has_no_page(portal: PortalHouse) -> None:
    """As any page that does not exist."""
    client = (await portal.browser("192.0.2.9")).client
    assert (await client.get("/worth")).status_code == 404
    assert (await ask(client, {"mon": "1"})).status_code == 404


def test_neighbourhoods_are_forgotten() -> None:
    """Memory stays small; the one that asked last is remembered."""
    turns = Turns()
    at = MONDAY
    for n in range(MOST_KNOWN + 5):
        turns.take(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", at)
    assert len(turns._counts) <= MOST_KNOWN
    assert turns.take("10.0.0.1", at + timedelta(hours=1))

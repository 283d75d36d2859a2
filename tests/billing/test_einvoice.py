"""E-invoices against the official rules: good ones pass, and each that is wrong is refused with its rule."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]  # it has no types

from tests.core.invoices import (
    ISSUED,
    SELLER,
    account,
    invoice,
    line,
    prepaid,
    statement,
    statement_of_bill,
)
from tests.core.tariffs import HERE, call, many, tariff
from tests.core.test_bill import ALWAYS
from tests.core.test_rating import CALLS, POSITIONS
from tests.core.test_tariff_examples import EXAMPLES
from vorzimmer.billing.einvoice import xml
from vorzimmer.billing.einvoice_check import RULES, NotAnInvoice, check, xml_of
from vorzimmer.billing.invoice_pdf import pdf
from vorzimmer.billing.invoicing import documents
from vorzimmer.core.bill import Before, Besides, Fee, bill
from vorzimmer.core.bill_lines import Unit
from vorzimmer.core.invoice import Invoice, NotInvoiceable, Terms, cancellation_of, invoice_of
from vorzimmer.core.plain_text import single_line
from vorzimmer.core.stretches import Contract, Month
from vorzimmer.core.tariff import Tariff
from vorzimmer.core.work_hours import WorkDone

D = Decimal
FORMS = ("xrechnung", "zugferd")
TERMS = Terms(ISSUED)
MARCH = Month(2026, 3)
XRECHNUNG = account(form="xrechnung")


def rules(told: bytes) -> set[str]:
    """The ids of the rules that it breaks."""
    return {fault.rule for fault in check(told)}


def numbered(made: Invoice) -> Invoice:
    """With a number."""
    return replace(made, number="R2026-00001")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "buyer",
    [
        {},
        {"country": "AT", "vat_id": "ATU13585627"},
        {"country": "AT", "business": False},
        {"country": "CH", "language": "en"},
        {"country": "CN", "language": "zh", "name": "北京电话公司"},
        {"mail": [], "reference": "04011000-12345-34"},
        {"mail": [], "vat_id": "DE123456788"},
    ],
)
def test_every_vat_is_good(form: str, buyer: dict[str, Any]) -> None:
    """At home, in the EU as a business and not, beyond it; an authority with its Leitweg-ID."""
    assert check(xml(invoice(to=account(form=form, **buyer)))) == ()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("lacks", ["tax_number", "vat_id"])
@pytest.mark.parametrize("country", ["DE", "CH"])
def test_one_number_of_the_seller_suffices(form: str, lacks: str, country: str) -> None:
    """§ 14 (4) No. 2 UStG; that number stands in it, also where it must not stand as a VAT id (BR-O-02)."""
    seller = replace(SELLER, **{lacks: ""})
    told = xml(numbered(invoice_of(statement(), account(form=form, country=country), seller, TERMS)))
    assert check(told) == ()
    assert (seller.tax_number or seller.vat_id) in told.decode()


@pytest.mark.parametrize("form", FORMS)
def test_a_small_enterprise_is_good(form: str) -> None:
    """§ 19 UStG: no VAT, with the reason; with a tax number only."""
    seller = replace(SELLER, vat_id="")
    made = invoice_of(statement(), account(form=form), seller, replace(TERMS, small_business=True))
    told = xml(numbered(made))
    assert check(told) == ()
    assert "§ 19 UStG" in told.decode()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("known", EXAMPLES, ids=lambda one: one.id)
def test_every_tariff_is_good(form: str, known: Tariff) -> None:
    """Each form that comes with the program, over a whole and a part of a month, with work, fees and options."""
    contract = Contract(known.id, date(2026, 3, 10), None, frozenset({"machine", "menu"}), 24, 12)
    work = WorkDone("Umfrage", date(2026, 3, 12), "germany", (D(60), D(30)), (D(20), D(5)))
    besides = Besides((work,), (Fee("Einrichtung", date(2026, 3, 10), D("49.90")),))
    calls = [*many(230, talk=61.5, at="2026-03-11T09:00"), call(900, "2026-03-15T23:00", talk=4600)]
    for month, before in ((MARCH, None), (Month(2026, 4), Before({}, {"base": D("39")}))):
        made = bill(month, [contract], [known], HERE, calls, besides, before)
        terms = replace(TERMS, rate=None if made.currency == "EUR" else D("7.85"))
        found = numbered(invoice_of(statement_of_bill(made), account(form=form), SELLER, terms))
        assert check(xml(found)) == ()
        assert sum(one.net for one in found.lines) == abs(made.total)


@pytest.mark.parametrize("form", FORMS)
def test_a_credit_note_a_cancellation_and_a_prepaid_one_are_good(form: str) -> None:
    """All kinds of documents; the cancellation names what it cancels (BT-25)."""
    to = account(form=form)
    credit = numbered(invoice_of(statement([line("1", Unit.ONE, None, "-39")]), to, SELLER, TERMS))
    back = replace(cancellation_of(invoice(to=to), ISSUED), number="S2026-00001")
    paid = numbered(invoice_of(statement(balance=prepaid("500")), to, SELLER, TERMS))
    for made in (credit, back, paid, replace(cancellation_of(paid, ISSUED), number="S2026-00002")):
        assert check(xml(made)) == ()
    assert "R2026-00001</ram:IssuerAssignedID>" in xml(back).decode()


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("<ram:GrandTotalAmount>213.47<", "<ram:GrandTotalAmount>213.48<", "BR-CO-15"),
        ("<ram:DuePayableAmount>213.47<", "<ram:DuePayableAmount>200.00<", "BR-CO-16"),
        ("<ram:LineTotalAmount>179.39<", "<ram:LineTotalAmount>179.40<", "BR-CO-10"),
        ('unitCode="C62">117<', 'unitCode="C62">116<', "PEPPOL-EN16931-R120"),
        ("<ram:ChargeAmount>1.2<", "<ram:ChargeAmount>-1.2<", "BR-27"),
        ("<ram:CalculatedAmount>34.08<", "<ram:CalculatedAmount>34.09<", "SUM"),
        ("<ram:BuyerReference>mueller<", "<ram:BuyerReference><", "BR-DE-15"),
        ('<ram:ID schemeID="FC">29/123/45678</ram:ID>', "", "XSD"),
        ("<ram:InvoiceCurrencyCode>EUR", "<ram:InvoiceCurrencyCode>EURO", "BR-CL-04"),
    ],
)
def test_what_is_wrong_is_refused(old: str, new: str, rule: str) -> None:
    """A wrong sum, line, quantity, a negative price, what is missing: each with the id of its rule."""
    told = xml(invoice(to=XRECHNUNG)).decode()
    changed = told.replace(old, new)
    assert changed != told
    assert rule in rules(changed.encode())


@pytest.mark.parametrize(
    ("form", "rule"),
    [("xrechnung", "BR-S-02"), ("zugferd", "BR-S-02")],
)
def test_without_a_tax_number_it_is_refused(form: str, rule: str) -> None:
    """Neither Steuernummer nor USt-IdNr. of the seller."""
    made = invoice(to=account(form=form), seller=replace(SELLER, tax_number="", vat_id=""))
    assert rule in rules(xml(made))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<ram:BasisQuantity unitCode="MON">1<', '<ram:BasisQuantity unitCode="MON">0<'),
        ("<ram:LineTotalAmount>179.39<", "<ram:LineTotalAmount>1" + "0" * 40 + "<"),
    ],
)
def test_numbers_that_cannot_be_reckoned_are_faults(old: str, new: str) -> None:
    """Prices of nothing and sums beyond all measure end in a fault, not in a trace."""
    told = xml(invoice(to=XRECHNUNG)).decode()
    changed = told.replace(old, new)
    assert changed != told
    assert check(changed.encode())


def test_an_xrechnung_needs_more_than_a_zugferd() -> None:
    """Without an electronic address of the buyer an XRechnung is refused; a ZUGFeRD needs none."""
    assert "PEPPOL-EN16931-R010" in rules(xml(invoice(to=account(form="xrechnung", mail=[]))))
    assert rules(xml(invoice(to=account(mail=[])))) == set()


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        (b"", "XML"),
        (b"\xff\xfe\x00", "XML"),
        (b"<a/>", "XSD"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "XML"),
        (b"<a>" * 5000, "XML"),
    ],
)
def test_hostile_files_are_refused(told: bytes, rule: str) -> None:
    """What is no invoice is told in one fault, and nothing it points to is read."""
    assert rules(told) == {rule}


HOSTILE = st.text(min_size=1, max_size=60).map(single_line).filter(lambda told: told.strip())


@settings(max_examples=40, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_whatever_people_write_is_text(name: str, street: str, what: str) -> None:
    """Names of buyers and lines in any script, with markup in them, come out as they went in."""
    to = account(name=name, street=street, form="xrechnung")
    told = xml(numbered(invoice_of(statement([line("1", Unit.CALL, "2", "2", name=what)]), to, SELLER, TERMS)))
    assert check(told) == ()
    texts = {one.text.strip() for one in etree.fromstring(told).iter() if one.text}
    assert {name.strip(), street.strip(), what.strip()} <= texts


def test_the_pdf_holds_the_xml() -> None:
    """ZUGFeRD: the XML is in the PDF, byte for byte, as an alternative, and its metadata say so."""
    made = invoice()
    told = xml(made)
    page = pdf(made, told)
    assert xml_of(page) == told
    for said in (b"/AFRelationship /Alternative", b"<fx:ConformanceLevel>EN 16931<", b"<pdfaid:part>3<"):
        assert said in page


@pytest.mark.parametrize(
    ("buyer", "told"),
    [
        ({}, ["Rechnung R2026-00001", "02.11.2026", "16.11.2026", "Umsatzsteuer 19 %", "34,08", "213,47"]),
        ({"country": "AT", "vat_id": "ATU13585627"}, ["ATU13585627", "Steuerschuldnerschaft des Leistungsempfängers"]),
        (
            {"country": "CN", "language": "en", "name": "北京电话公司"},
            ["北京电话公司", "CHINA", "Not taxable in Germany"],
        ),
    ],
)
def test_the_page_says_what_the_law_wants(buyer: dict[str, Any], told: list[str]) -> None:
    """The number, the days, the sums, the VAT or why there is none, and both parties."""
    with pypdfium2.PdfDocument(pdf(invoice(to=account(**buyer)))) as pages:
        said = " ".join(pages[0].get_textpage().get_text_range().split())
    for text in (*told, SELLER.name, SELLER.tax_number, SELLER.vat_id, "117", "179"):
        assert text in said


def test_a_pdf_without_an_invoice_is_told() -> None:
    """As is a broken one."""
    with pytest.raises(NotAnInvoice, match="holds none of"):
        xml_of(pdf(invoice(to=XRECHNUNG)))
    with pytest.raises(NotAnInvoice, match="cannot be read"):
        xml_of(b"%PDF-1.7 and nothing")


def test_a_wrong_invoice_has_no_documents() -> None:
    """The rule is named; a good one has its XML and its page, named after its number."""
    with pytest.raises(NotInvoiceable, match="BR-S-02"):
        documents(invoice(seller=replace(SELLER, tax_number="", vat_id="")))
    assert [one.name for one in documents(invoice("R/2026 1"))] == ["R-2026-1.xml", "R-2026-1.pdf"]


def test_a_check_leaves_the_process_its_locale() -> None:
    """Errors of the system are told in the same words, and numbers of C libraries with the same point, after a check.

    In a process of its own: Saxon sets the locale once, when it starts.
    """
    program = (
        "import locale, pathlib, sys\nbefore = locale.setlocale(locale.LC_ALL)\n"
        "from vorzimmer.billing.einvoice_check import check\n"
        "assert not check(sys.stdin.buffer.read())\nassert locale.setlocale(locale.LC_ALL) == before\n"
    )
    good = xml(invoice())
    subprocess.run([sys.executable, "-c", program], input=good, check=True, env={"LC_ALL": "C.UTF-8"})


def test_the_official_rules_are_as_published() -> None:
    """The files of the rules have the sums that their README tells."""
    told = (RULES / "README.md").read_text()
    for name, digest in re.findall(r"`(\S+\.xsl)`.*`([0-9a-f]{64})`", told):
        assert hashlib.sha256((RULES / name).read_bytes()).hexdigest() == digest


@settings(max_examples=25, deadline=None)
@given(
    st.lists(POSITIONS, min_size=1, max_size=4),
    CALLS,
    st.sampled_from(["position", "invoice", "call"]),
    st.sampled_from(FORMS),
)
def test_random_bills_make_good_invoices(positions: Any, calls: Any, at: str, form: str) -> None:
    """Whatever tariff, calls and rounding: the lines are the total, and every official rule is kept."""
    known = tariff(*positions, rounding={"at": at})
    made = bill(Month(2026, 11), [ALWAYS], [known], HERE, calls)
    found = numbered(invoice_of(statement_of_bill(made), account(form=form), SELLER, TERMS))
    assert sum((one.net for one in found.lines), D(0)) == made.total == found.gross - found.tax
    assert check(xml(found)) == ()

"""Whether an e-invoice is right: the schema, the official rules (folder `rules`), and the sums once more by ourselves.

The rules are compiled once in a process, in about a second, by a thread that alone uses them. A process that was forked
after that cannot use them: spawn it. Saxon sets the process's locale from its environment when it starts; ours stays as
it was, or numbers in C libraries and the system's error texts would change after a process's first invoice.
"""

from __future__ import annotations

import locale
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path

import drafthorse
import pypdf
import saxonche
from lxml import etree  # type: ignore[import-untyped]  # it has no types
from pypdf.errors import PyPdfError

from vorzimmer.billing.einvoice import XRECHNUNG
from vorzimmer.core.money import cents

RULES = Path(__file__).parent / "rules"
LAYERS = ("EN16931-CII-validation.xsl", "XRechnung-CII-validation.xsl")
_SCHEMA = Path(drafthorse.__file__).parent / "schema" / "Factur-X_1.0.07_EN16931.xsd"

FOR_ALL = "PEPPOL-EN16931-R1"
"""Beginning of those rules of XRechnung's layer (on lines) that hold for every invoice; the others are its own."""

QUANTITY = "PEPPOL-EN16931-R120"
"""Quantity times price is the line's amount: only a warning there, a fault here."""

MOST = 20_000_000
"""Bytes of a file that is read."""

_RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_ATTACHED = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="e-invoice rules")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an invoice: the rule's id (`XSD`, `XML`, `SUM` are ours), and why."""

    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"


class NotAnInvoice(Exception):
    """The file holds no e-invoice; the text says why."""


def check(xml: bytes) -> tuple[Fault, ...]:
    """All faults of an invoice as XML; none: it is right.

    What breaks the schema is told alone: the rules ask about elements that the schema promises.
    """
    if len(xml) > MOST:
        return (Fault("XML", f"larger than {MOST // 1_000_000} MB"),)
    try:
        root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        return (Fault("XML", str(error)),)
    if root.getroottree().docinfo.doctype:
        return (Fault("XML", "a document type is declared, which no invoice needs"),)
    return _THREAD.submit(_faults, root).result()


def xml_of(file: bytes) -> bytes:
    """The XML of a file: itself, or what a PDF holds.

    Raises:
        NotAnInvoice: a PDF without one, or a broken one.
    """
    if not file.startswith(b"%PDF"):
        return file
    try:
        attached = pypdf.PdfReader(BytesIO(file)).attachments
        found = [content for name in _ATTACHED for content in attached.get(name, [])]
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise NotAnInvoice(f"the PDF cannot be read: {error}") from None
    if not found:
        raise NotAnInvoice(f"the PDF holds none of {', '.join(_ATTACHED)}")
    return found[0]


def _faults(root: etree._Element) -> tuple[Fault, ...]:
    schema = _schema()
    if not schema.validate(root):
        return tuple(Fault("XSD", f"line {one.line}: {one.message}") for one in schema.error_log)
    told = etree.tostring(root, encoding="unicode")
    strict = XRECHNUNG in told
    found = dict.fromkeys(fault for number in range(len(LAYERS)) for fault in _broken(number, told, strict=strict))
    return (*found, *_sums(root))


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(_SCHEMA))


@cache
def _rules() -> tuple[saxonche.PySaxonProcessor, tuple[saxonche.PyXsltExecutable, ...]]:
    ours = locale.setlocale(locale.LC_ALL)
    try:
        processor = saxonche.PySaxonProcessor(license=False)
    finally:
        locale.setlocale(locale.LC_ALL, ours)
    compiler = processor.new_xslt30_processor()
    return processor, tuple(compiler.compile_stylesheet(stylesheet_file=str(RULES / name)) for name in LAYERS)


def _broken(layer: int, told: str, *, strict: bool) -> Iterator[Fault]:
    """What a layer of rules finds. `strict`: the invoice says that it is an XRechnung."""
    processor, layers = _rules()
    report = layers[layer].transform_to_string(xdm_node=processor.parse_xml(xml_text=told))
    for one in etree.fromstring(report.encode()).iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report"):
        rule = one.get("id", "")
        if layer and not strict and not rule.startswith(FOR_ALL):
            continue
        if one.get("flag") != "warning" or rule == QUANTITY:
            yield Fault(rule, " ".join("".join(one.itertext()).split()).removeprefix(f"[{rule}]-"))


def _sums(root: etree._Element) -> Iterator[Fault]:
    """Every amount to the cent, where the official rules allow a tolerance."""
    try:
        lines = [_line(one) for one in root.iter(f"{_RAM}IncludedSupplyChainTradeLineItem")]
        for number, (reckoned, net) in enumerate(lines, 1):
            if reckoned != net:
                yield Fault("SUM", f"line {number}: quantity times price is {reckoned}, not {net}")
        total = _number(root, "SpecifiedTradeSettlementHeaderMonetarySummation", "LineTotalAmount")
        if (whole := sum((net for _, net in lines), Decimal(0))) != total:
            yield Fault("SUM", f"the lines are {whole} together, not {total}")
        for tax in root.iter(f"{_RAM}ApplicableHeaderTradeSettlement"):
            for one in tax.iterfind(f"{_RAM}ApplicableTradeTax"):
                yield from _tax(one)
    except (ArithmeticError, TypeError) as error:
        yield Fault("SUM", f"an amount is missing, no number, or of a base of nothing: {error}")


def _line(item: etree._Element) -> tuple[Decimal, Decimal]:
    price = next(item.iter(f"{_RAM}NetPriceProductTradePrice"))
    base = Decimal(price.findtext(f"{_RAM}BasisQuantity") or 1)
    quantity = _number(item, "SpecifiedLineTradeDelivery", "BilledQuantity")
    more = Decimal(0)
    for one in item.iter(f"{_RAM}SpecifiedTradeAllowanceCharge"):
        amount = Decimal(one.findtext(f"{_RAM}ActualAmount"))
        more += amount if "true" in "".join(one[0].itertext()) else -amount
    net = _number(item, "SpecifiedTradeSettlementLineMonetarySummation", "LineTotalAmount")
    return cents(quantity * Decimal(price.findtext(f"{_RAM}ChargeAmount")) / base + more), net


def _tax(tax: etree._Element) -> Iterator[Fault]:
    basis, rate = (Decimal(tax.findtext(f"{_RAM}{name}") or 0) for name in ("BasisAmount", "RateApplicablePercent"))
    amount = Decimal(tax.findtext(f"{_RAM}CalculatedAmount"))
    if (due := cents(basis * rate / 100)) != amount:
        yield Fault("SUM", f"{rate} % of {basis} is {due}, not {amount}")


def _number(root: etree._Element, parent: str, name: str) -> Decimal:
    return Decimal(next(root.iter(f"{_RAM}{parent}")).findtext(f"{_RAM}{name}"))

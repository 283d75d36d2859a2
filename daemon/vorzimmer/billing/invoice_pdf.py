"""An invoice as people read it, PDF/A-3B; with the XML in it, it is a ZUGFeRD of the profile EN 16931."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, time
from decimal import Decimal
from xml.sax.saxutils import escape

from babel import Locale

from vorzimmer.billing import written
from vorzimmer.billing.einvoice_words import notes_of, spoken, terms, title_of
from vorzimmer.billing.invoice_words import WORDS, unit_of
from vorzimmer.billing.paper import WIDTH, House, Paper, Subject
from vorzimmer.billing.paper_table import Column, Row, table
from vorzimmer.core.invoice import Invoice, Kind
from vorzimmer.core.invoice_lines import InvoiceLine
from vorzimmer.core.vat import Category

ATTACHED = "factur-x.xml"
"""The name under which readers look for the XML (ZUGFeRD 2, 6.2)."""

PRODUCER = "fpdf2"

_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<xmp:CreatorTool>{creator}</xmp:CreatorTool><pdf:Producer>{producer}</pdf:Producer>
<xmp:CreateDate>{made}</xmp:CreateDate><xmp:ModifyDate>{made}</xmp:ModifyDate>
<fx:DocumentFileName>{file}</fx:DocumentFileName><fx:DocumentType>INVOICE</fx:DocumentType>
<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>fx</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>"""

_PROPERTY = """<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>
<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>
<pdfaProperty:description>{told}</pdfaProperty:description></rdf:li>"""

_PROPERTIES = {
    "DocumentFileName": "name of the embedded XML invoice file",
    "DocumentType": "INVOICE",
    "Version": "version of the XML schema of the invoice",
    "ConformanceLevel": "profile of the invoice",
}
"""What ZUGFeRD adds to a PDF's metadata must be declared in it (ISO 19005-3, 6.6.2.3.2)."""


def pdf(invoice: Invoice, xml: bytes | None = None) -> bytes:
    """The document. A twentieth of a second of processor time: not in an event loop.

    Args:
        invoice: with its number.
        xml: of the profile EN 16931, to be embedded; None: the XML goes by itself.

    Raises:
        fonts.NoFontError: there is no font to write with.
    """
    language = spoken(invoice)
    title = f"{title_of(invoice)} {invoice.number}"
    made = datetime.combine(invoice.issued, time(), UTC)
    house = {name: told for name, told in asdict(invoice.seller).items() if name != "contact"}
    paper = Paper(House(**house), Subject(title, language, made, "".join(_strangers(invoice))))
    paper.set_producer(PRODUCER)
    paper.letterhead(_address(invoice), _facts(invoice, language))
    _lines(paper, invoice, language)
    _closing(paper, invoice, language)
    if xml is not None:
        _embed(paper, invoice, title, made, xml)
    return paper.finished()


def _strangers(invoice: Invoice) -> Iterator[str]:
    """What others have written, in whatever script."""
    buyer = invoice.buyer
    yield from (buyer.name, buyer.street, buyer.more, buyer.postcode, buyer.city, invoice.reference)
    for line in invoice.lines:
        yield from (line.name, line.note)


def _address(invoice: Invoice) -> tuple[str, ...]:
    buyer = invoice.buyer
    place = " ".join(filter(None, (buyer.postcode, buyer.city)))
    country = "" if buyer.country == invoice.seller.country else _country(buyer.country, spoken(invoice))
    return (buyer.name, buyer.more, buyer.street, place, country)


def _country(code: str, language: str) -> str:
    """Its name in capitals, as the last line of an address."""
    return str(Locale.parse(written.locale_of(language)).territories.get(code, code)).upper()


def _facts(invoice: Invoice, language: str) -> Iterator[tuple[str, str]]:
    words = WORDS[language]
    yield words["number"], invoice.number
    yield words["issued"], written.day(invoice.issued, language)
    yield words["period"], written.days(invoice.first, invoice.last, language)
    yield words["client"], invoice.client
    if invoice.reference != invoice.client:
        yield words["reference"], invoice.reference
    if invoice.buyer.vat_id:
        yield words["vat_id"], invoice.buyer.vat_id
    if invoice.cancels is not None:
        yield words["cancels"], invoice.cancels.number
    if invoice.kind is Kind.INVOICE:
        yield words["due"], written.day(invoice.due, language)


def _lines(paper: Paper, invoice: Invoice, language: str) -> None:
    words, currency = WORDS[language], invoice.currency
    columns = (
        Column(words["line"], WIDTH - 94, wraps=True),
        Column(words["quantity"], 18, "R"),
        Column(words["unit"], 20),
        Column(words["price"].format(currency=currency), 28, "R"),
        Column(words["amount"].format(currency=currency), 28, "R"),
    )
    rows = [_row(number, line, invoice, language) for number, line in enumerate(invoice.lines, 1)]
    table(paper, columns, rows, 9)
    paper.ln(3)
    _sums(paper, invoice, language)


def _row(number: int, line: InvoiceLine, invoice: Invoice, language: str) -> Row:
    days = (
        ""
        if (line.first, line.last) == (invoice.first, invoice.last)
        else written.days(line.first, line.last, language)
    )
    cells = (
        f"{number}  {line.name}",
        written.number(line.quantity, language),
        unit_of(line.unit, line.quantity, language),
        _price(line, language),
        written.amount(line.net, language),
    )
    return Row(cells, below=" · ".join(filter(None, (days, line.note))))


def _price(line: InvoiceLine, language: str) -> str:
    """The price; of how many units, where it is not of one."""
    price = written.price(line.price, language)
    return price if line.base == 1 else f"{price} / {written.number(line.base, language)}"


def _sums(paper: Paper, invoice: Invoice, language: str) -> None:
    words = WORDS[language]
    rows = [Row((words["net"], written.amount(invoice.net, language)))]
    if invoice.vat.category is Category.STANDARD:
        percent = written.number(invoice.vat.percent, language)
        rows.append(Row((words["tax"].format(percent=percent), written.amount(invoice.tax, language))))
    else:
        rows.append(Row((words["no_tax"], written.amount(Decimal(0), language))))
    whole = "credit" if invoice.kind is Kind.CREDIT_NOTE else "gross"
    gross = (words[whole].format(currency=invoice.currency), written.amount(invoice.gross, language))
    rows.append(Row(gross, strong=True))
    if invoice.prepaid:
        rows.append(Row((words["prepaid"], written.amount(-invoice.prepaid, language))))
        rows.append(Row((words["payable"], written.amount(invoice.payable, language)), strong=True))
    columns = (Column(words["sums"], WIDTH - 40), Column(invoice.currency, 40, "R"))
    table(paper, columns, rows, 9.5)


def _closing(paper: Paper, invoice: Invoice, language: str) -> None:
    words, seller = WORDS[language], invoice.seller
    paper.ln(4)
    for text in notes_of(invoice):
        paper.paragraph(text)
    paper.paragraph(terms(invoice))
    if invoice.kind is Kind.INVOICE and invoice.payable > 0:
        bank = " · ".join(filter(None, (seller.bank, seller.bic and f"BIC {seller.bic}")))
        iban = seller.iban.replace(" ", "")
        grouped = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
        paper.paragraph(words["bank"].format(name=seller.name, iban=grouped) + (f" · {bank}" if bank else ""))


def _embed(paper: Paper, invoice: Invoice, title: str, made: datetime, xml: bytes) -> None:
    paper.embed_file(
        bytes=xml,
        basename=ATTACHED,
        mime_type="text/xml",
        modification_date=made,
        associated_file_relationship="Alternative",
        desc=WORDS[spoken(invoice)]["attached"],
        compress=True,
    )
    told = {
        "title": paper.shown(title),
        "author": paper.shown(invoice.seller.name),
        "creator": paper.creator,
        "producer": PRODUCER,
        "made": made.isoformat(timespec="seconds"),
        "file": ATTACHED,
    }
    declared = "".join(_PROPERTY.format(name=name, told=escape(text)) for name, text in _PROPERTIES.items())
    paper.set_xmp_metadata(_XMP.format(properties=declared, **{name: escape(str(text)) for name, text in told.items()}))

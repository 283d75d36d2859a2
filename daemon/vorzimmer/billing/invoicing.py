"""An invoice's documents, made and checked: what `store.invoices` keeps when it issues."""

from __future__ import annotations

import asyncio
import re

from vorzimmer.billing.einvoice import xml
from vorzimmer.billing.einvoice_check import check
from vorzimmer.billing.invoice_pdf import pdf
from vorzimmer.core.invoice import Invoice, NotInvoiceable
from vorzimmer.store.invoices import Document

XML, PDF = "application/xml", "application/pdf"

_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


def documents(invoice: Invoice) -> tuple[Document, Document]:
    """The invoice as XML and as PDF; where the client wants ZUGFeRD, the PDF holds the XML.

    About 150 ms of processor time, and a second at the first time: not in an event loop.

    Raises:
        NotInvoiceable: by the official rules the XML is wrong.
        fonts.NoFontError: there is no font to write with.
    """
    told = xml(invoice)
    if faults := check(told):
        raise NotInvoiceable(f"{invoice.client}: the e-invoice is wrong: {'; '.join(map(str, faults))}")
    page = pdf(invoice, told if invoice.buyer.form == "zugferd" else None)
    name = file_name(invoice.number)
    return Document(f"{name}.xml", XML, told), Document(f"{name}.pdf", PDF, page)


async def make(invoice: Invoice) -> tuple[Document, Document]:
    """`documents`, in a thread: for `store.invoices.issue` and `cancel`."""
    return await asyncio.to_thread(documents, invoice)


def file_name(number: str) -> str:
    """The number as the name of a file."""
    return _UNFIT.sub("-", number)

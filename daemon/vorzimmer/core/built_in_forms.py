"""The forms that every client can use without defining them, in the languages that clients read.

In a book such a form is written as its kind alone, and follows the client's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from vorzimmer.core.model import Language
from vorzimmer.core.note_form import FieldType, Form, FormKind, FromCall

_ORDER = (Language.GERMAN, Language.ENGLISH, Language.CHINESE)
"""The languages of each tuple of words below."""

_TITLES: Mapping[FormKind, tuple[str, str, str]] = {
    FormKind.MESSAGE: ("Nachricht", "Message", "留言"),
    FormKind.ORDER: ("Bestellung", "Order", "订单"),
    FormKind.APPOINTMENT: ("Termin", "Appointment", "预约"),
    FormKind.ADVERTISEMENT: ("Anzeige", "Advertisement", "广告"),
    FormKind.BOOKING: ("Buchung", "Booking", "预订"),
    FormKind.FREE: ("Notiz", "Note", "备注"),
}

_LABELS: Mapping[str, tuple[str, str, str]] = {
    "name": ("Name", "Name", "姓名"),
    "company": ("Firma", "Company", "公司"),
    "phone": ("Telefon", "Telephone", "电话"),
    "email": ("E-Mail", "E-mail", "电子邮件"),
    "address": ("Anschrift", "Address", "地址"),
    "customer_number": ("Kundennummer", "Customer number", "客户编号"),
    "for_whom": ("Für", "For", "转交给"),
    "regarding": ("Betreff", "Regarding", "事由"),
    "message": ("Nachricht", "Message", "内容"),
    "call_back": ("Rückruf erbeten", "Please call back", "请回电"),
    "best_time": ("Am besten erreichbar", "Best time to call", "方便的时间"),
    "items": ("Artikel und Mengen", "Items and quantities", "商品及数量"),
    "delivery_address": ("Lieferanschrift", "Delivery address", "送货地址"),
    "delivery_date": ("Liefertermin", "Delivery date", "送货日期"),
    "payment": ("Zahlung", "Payment", "付款方式"),
    "request": ("Anliegen", "Request", "请求"),
    "date": ("Datum", "Date", "日期"),
    "time": ("Uhrzeit", "Time", "时间"),
    "alternative": ("Ausweichtermin", "Alternative", "备选时间"),
    "with_whom": ("Bei", "With", "约见"),
    "heading": ("Rubrik", "Section", "栏目"),
    "issues": ("Ausgaben, Erscheinungstage", "Issues, days of publication", "刊登期数"),
    "ad_text": ("Anzeigentext", "Text of the advertisement", "广告文字"),
    "box_number": ("Unter Chiffre", "Box number", "匿名信箱"),
    "what": ("Gebucht wird", "What is booked", "预订内容"),
    "from_date": ("Von", "From", "开始日期"),
    "until_date": ("Bis", "Until", "结束日期"),
    "arrival": ("Ankunft", "Arrival", "到达时间"),
    "persons": ("Personen", "Persons", "人数"),
    "remarks": ("Bemerkungen", "Remarks", "备注"),
    "text": ("Notiz", "Note", "备注"),
}

_CHOICES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "payment": (
        ("Rechnung", "Lastschrift", "Vorkasse", "Nachnahme"),
        ("Invoice", "Direct debit", "In advance", "On delivery"),
        ("账单", "直接扣款", "预付", "货到付款"),
    ),
    "request": (
        ("Neuer Termin", "Termin verschieben", "Termin absagen"),
        ("New appointment", "Move an appointment", "Cancel an appointment"),
        ("新预约", "更改预约", "取消预约"),
    ),
}

CANCELLING = frozenset(words[2] for words in _CHOICES["request"])
"""What a built-in form has chosen where an appointment is not to take place."""

_TYPES: Mapping[str, FieldType] = {
    "phone": FieldType.PHONE,
    "email": FieldType.EMAIL,
    "address": FieldType.LONG_TEXT,
    "for_whom": FieldType.CONTACT,
    "message": FieldType.LONG_TEXT,
    "call_back": FieldType.CHECKBOX,
    "items": FieldType.LONG_TEXT,
    "delivery_address": FieldType.LONG_TEXT,
    "delivery_date": FieldType.DATE,
    "payment": FieldType.CHOICE,
    "request": FieldType.CHOICE,
    "date": FieldType.DATE,
    "time": FieldType.TIME,
    "with_whom": FieldType.CONTACT,
    "ad_text": FieldType.LONG_TEXT,
    "box_number": FieldType.CHECKBOX,
    "from_date": FieldType.DATE,
    "until_date": FieldType.DATE,
    "arrival": FieldType.TIME,
    "persons": FieldType.NUMBER,
    "remarks": FieldType.LONG_TEXT,
    "text": FieldType.LONG_TEXT,
}
"""Of fields that are not a line of text."""

_DEFAULTS: Mapping[str, FromCall] = {"name": FromCall.CALLER_NAME, "phone": FromCall.CALLER}

_FIELDS: Mapping[FormKind, str] = {
    FormKind.MESSAGE: "name* company phone for_whom regarding message* call_back best_time",
    FormKind.ORDER: "name* company customer_number phone email items* delivery_address delivery_date payment remarks",
    FormKind.APPOINTMENT: "name* phone* request* date* time alternative with_whom regarding remarks",
    FormKind.ADVERTISEMENT: "name* address* phone email customer_number heading issues* ad_text* box_number payment",
    FormKind.BOOKING: "name* phone* email what* from_date* until_date arrival persons address remarks",
    FormKind.FREE: "name phone text*",
}
"""What each form asks for, in this order; `*`: it must be filled in."""


@lru_cache
def built_in(kind: FormKind, language: Language) -> Form:
    """The built-in form of this kind. Its id is the kind."""
    words = _ORDER.index(language)
    return Form(
        id=kind.value,
        kind=kind,
        title=_TITLES[kind][words],
        fields=tuple(_field(name, words) for name in _FIELDS[kind].split()),
    )


def _field(written: str, words: int) -> dict[str, Any]:
    name = written.removesuffix("*")
    return {
        "id": name,
        "label": _LABELS[name][words],
        "type": _TYPES.get(name, FieldType.TEXT),
        "required": written.endswith("*"),
        "choices": _CHOICES[name][words] if name in _CHOICES else (),
        "default": _DEFAULTS.get(name),
    }

"""Text messages as the settings want them: the gateway, its channel, and the door for its reports."""

from __future__ import annotations

import asyncio

import asyncpg

from vorzimmer.core.delivery_report import FORMS, UNDELIVERED, Form
from vorzimmer.notify import own_words
from vorzimmer.notify.smpp import Reported, Smpp
from vorzimmer.notify.smpp_link import Where
from vorzimmer.notify.sms import TextMessages
from vorzimmer.notify.sms_gateway import Gateway
from vorzimmer.notify.sms_seven import Seven
from vorzimmer.notify.sms_sipgate import Sipgate
from vorzimmer.notify.sms_template import Shape, Template
from vorzimmer.notify.sms_twilio import Twilio
from vorzimmer.notify.sms_words import Manner
from vorzimmer.roles.message_links import MessageLinks
from vorzimmer.roles.running import now, trouble
from vorzimmer.settings import Settings
from vorzimmer.settings_sms import Sms
from vorzimmer.store import delivery_reports
from vorzimmer.store.delivery_reports import Taken
from vorzimmer.store.outage import why
from vorzimmer.web.report_door import ReportDoor

SECONDS = 10.0
"""How long the database may take to note a report."""


def text_messages(settings: Settings) -> TextMessages | None:
    """The channel; None: the settings name no gateway."""
    gateway = gateway_of(settings)
    if gateway is None:
        return None
    sms = settings.sms
    return TextMessages(
        gateway,
        sender=sms.sender,
        manner=manner(settings),
        countries=settings.gate.countries if sms.countries is None else sms.countries,
        fixed=sms.fixed,
        trouble=trouble,
        links=MessageLinks(settings),
    )


def manner(settings: Settings) -> Manner:
    """How text messages are written, but for links."""
    folder = settings.notify.templates
    house = own_words.read_folder(folder, "sms") if folder else {}
    return Manner(settings.house.region, settings.sms.parts, house=house)


def report_door(settings: Settings) -> ReportDoor | None:
    """Where the gateway tells what became of messages; None: it does not, or it may not."""
    sms, form = settings.sms, _form(settings.sms)
    if sms.gateway is None or sms.report_secret is None or form is None:
        return None
    signed_with = sms.password.get_secret_value() if sms.gateway == "twilio" and sms.password else ""
    return ReportDoor(sms.gateway, sms.report_secret.get_secret_value(), form, trouble, signed_with)


def report_url(settings: Settings) -> str:
    """What the gateway is told; empty: there is no such door."""
    sms = settings.sms
    if sms.report_secret is None or _form(sms) is None:
        return ""
    return f"{settings.web.base_url}/hooks/sms/{sms.gateway}/{sms.report_secret.get_secret_value()}"


def _form(sms: Sms) -> Form | None:
    if sms.gateway == "template" and sms.template is not None and sms.template.report_id:
        return Form(sms.template.report_id, sms.template.report_status, sms.template.report_words)
    return FORMS.get(sms.gateway or "")


def gateway_of(settings: Settings) -> Gateway | None:
    """The gateway, not yet open; None: the settings name none."""
    sms = settings.sms
    password = sms.password.get_secret_value() if sms.password else ""
    url = {"url": sms.url} if sms.url else {}
    match sms.gateway:
        case "seven":
            return Seven(password, now, **url)
        case "sipgate":
            return Sipgate(sms.user, password, now, **url)
        case "twilio":
            return Twilio(sms.user, password, now, report_url(settings), **url)
        case "template" if sms.template is not None and sms.url is not None:
            return Template(_shape(sms), sms.user, password, now)
        case "smpp":
            return _smpp(settings)
        case _:
            return None


def _smpp(settings: Settings) -> Smpp | None:
    sms = settings.sms
    if sms.smpp is None or sms.password is None:
        return None
    one = sms.smpp
    where = Where(one.host, one.port, one.tls, sms.user, sms.password.get_secret_value(), one.system_type)
    return Smpp(where, one.per_second, _noting(settings), trouble)


def _noting(settings: Settings) -> Reported:
    """How receipts are noted: one after another, each over a connection of its own, for they are few."""
    dsn, one_at_a_time = settings.database.dsn.get_secret_value(), asyncio.Lock()

    async def note(provider_id: str, word: str) -> None:
        async with one_at_a_time:
            taken = await take(provider_id, word)
        if word == UNDELIVERED and taken.news:
            about = {"message": taken.message, "call_id": taken.call_id, "client": taken.client}
            trouble("sms.undelivered", **about, gateway="smpp", provider_id=provider_id)

    async def take(provider_id: str, word: str) -> Taken:
        try:
            conn = await asyncpg.connect(dsn, timeout=SECONDS, command_timeout=SECONDS)
            try:
                return await delivery_reports.take(conn, "sms", provider_id, word, now())
            finally:
                await conn.close()
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise ConnectionError(why(error)) from error

    return note


def _shape(sms: Sms) -> Shape:
    one = sms.template
    assert one is not None and sms.url is not None, "checked when the settings were read"  # noqa: S101, PT018 - the same
    names = ("method", "content", "headers", "fields", "id", "error", "fine", "never")
    return Shape(sms.url, **{name: getattr(one, name) for name in names})

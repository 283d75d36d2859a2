"""The part of `check` about text messages: whether the gateway knows us. Nothing is sent."""

from __future__ import annotations

import asyncio
import ssl

from vorzimmer.cli.context import reason
from vorzimmer.cli.report import Report
from vorzimmer.notify.sms_seven import Seven
from vorzimmer.notify.sms_sipgate import Sipgate
from vorzimmer.notify.sms_twilio import Twilio
from vorzimmer.roles.text_messages import gateway_of, report_door
from vorzimmer.settings import Settings
from vorzimmer.settings_sms import Smpp

PART = "text messages"
TIMEOUT = 10.0
"""Seconds for a carrier's server to accept a connection."""


async def text_messages(settings: Settings) -> Report:
    """Ask the gateway something harmless; at a carrier only knock, for it may allow one login at a time."""
    sms = settings.sms
    if sms.gateway is None:
        return Report(PART, "none: sms.gateway is not set")
    gateway, problem = gateway_of(settings), ""
    if isinstance(gateway, Seven | Sipgate | Twilio):
        async with gateway:
            problem = await gateway.check()
    elif sms.smpp is not None and sms.gateway == "smpp":
        problem = await _knock(sms.smpp)
    if problem:
        return Report(PART, findings=(f"{sms.gateway}: {problem}; see [sms]",))
    told = sms.gateway == "smpp" or report_door(settings) is not None
    return Report(PART, f"by {sms.gateway}{'' if told else '; delivery is not reported'}")


async def _knock(one: Smpp) -> str:
    context = ssl.create_default_context() if one.tls else None
    try:
        async with asyncio.timeout(TIMEOUT):
            _, writer = await asyncio.open_connection(one.host, one.port, ssl=context)
    except (OSError, TimeoutError) as error:
        return f"{one.host}:{one.port}: {reason(error)}"
    writer.close()
    return ""

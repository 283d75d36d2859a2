"""Where gateways tell what became of text messages. Whoever comes without the secret finds nothing here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response

from vorzimmer.core.delivery_report import UNDELIVERED, read
from vorzimmer.store import delivery_reports
from vorzimmer.web.access import TheParts, address_of
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, unknown
from vorzimmer.web.report_door import ReportDoor, fields_of
from vorzimmer.web.routes.session import require_no_wait

router = APIRouter(prefix="/hooks", include_in_schema=False)

Known = Annotated[str, Path(max_length=200)]


@router.post("/sms/{gateway}/{secret}", status_code=204)
async def report(
    gateway: Known,
    secret: Known,
    request: Request,
    parts: TheParts,
    x_twilio_signature: Annotated[str, Header()] = "",
) -> Response:
    """Take a report. What is none (a message that came in, say) is answered like one, or it would come again."""
    door = _opened(gateway, secret, request, parts)
    try:
        fields = fields_of(await request.body(), request.headers.get("Content-Type", ""))
    except ValueError:
        raise Problem(400, "not_understood", "a report is a form or a JSON object") from None
    query = f"?{request.url.query}" if request.url.query else ""
    if not door.signed(x_twilio_signature, f"{parts.base_url}{request.url.path}{query}", fields):
        raise unknown()
    found = read(door.form, fields)
    if found is not None:
        async with parts.database.connection() as conn:
            taken = await delivery_reports.take(conn, "sms", found.provider_id, found.word, parts.clock())
        if found.word == UNDELIVERED and taken.news:
            about = {"message": taken.message, "call_id": taken.call_id, "client": taken.client}
            door.trouble("sms.undelivered", **about, gateway=door.gateway, provider_id=found.provider_id)
    return Response(status_code=204)


def _opened(gateway: str, secret: str, request: Request, parts: Parts) -> ReportDoor:
    """The door, for whoever has its secret.

    Raises:
        Problem: 404, whatever is wrong; 429: too many wrong ones came from there.
    """
    address = address_of(request)
    attempt = parts.throttle.begin("sms reports", address)
    require_no_wait(attempt, address)
    door = parts.reports
    if door is None or not door.opens(gateway, secret):
        raise unknown()
    parts.throttle.take_back(attempt)
    return door

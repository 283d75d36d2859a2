"""What every route is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.requests import HTTPConnection

from vorzimmer.core.dialing import Policy
from vorzimmer.core.directory import Directory
from vorzimmer.core.margin import NO_COSTS, Costs
from vorzimmer.core.ports import Clock
from vorzimmer.core.setup_order import SettingUp
from vorzimmer.web.answers import Answers
from vorzimmer.web.bills import Bills
from vorzimmer.web.database import Database
from vorzimmer.web.live import Live
from vorzimmer.web.notices import Notices
from vorzimmer.web.phone_pages import PhonePages
from vorzimmer.web.report_door import ReportDoor
from vorzimmer.web.sessions import Sessions
from vorzimmer.web.streams import Streams
from vorzimmer.web.throttle import Throttle
from vorzimmer.web.worth import Calculator, Turns
from vorzimmer.web.writing import Writing


@dataclass(frozen=True, slots=True)
class BrowserPhones:
    """Where telephones in browsers register. `stun` and `turn` are URLs; `turn_secret` makes passwords of `seconds`."""

    sip_url: str
    stun: tuple[str, ...] = ()
    turn: tuple[str, ...] = ()
    turn_secret: str | None = field(default=None, repr=False)
    turn_seconds: int = 43200


@dataclass(frozen=True, slots=True)
class Parts:
    """The surroundings of all pages.

    `directory` is asked anew each time. `timezone`: the house's, by which days are cut; `region`: of national numbers.
    `policy`: whom callers may be forwarded to; `recordings`: the folder of messages and recorded talks; `library`: that
    of announcements, `uploads`: where they wait for their conversion. `writing`: how messages look; `bills`: what is
    charged and why.
    `costs`: of our own work, for margins.
    `service_number`: at which clients switch their line, E.164; None: the house has none.
    `reports`: where delivery reports come in; None: nowhere. `worth`: estimates costs for everybody; None: for nobody.
    """

    directory: Callable[[], Directory]
    live: Live
    database: Database
    sessions: Sessions
    throttle: Throttle
    notices: Notices
    phone_pages: PhonePages
    clock: Clock
    house: str
    base_url: str
    region: str
    timezone: str
    phones: BrowserPhones
    setting_up: SettingUp
    policy: Policy
    recordings: Path
    library: Path
    uploads: Path
    writing: Writing
    bills: Bills
    costs: Costs = NO_COSTS
    service_number: str | None = None
    reports: ReportDoor | None = None
    worth: Calculator | None = None
    worth_turns: Turns = field(default_factory=Turns)
    streams: Streams = field(default_factory=Streams)
    answers: Answers = field(default_factory=Answers)

    def today(self) -> datetime:
        """The midnight with which the house's day began."""
        here = self.clock().astimezone(ZoneInfo(self.timezone))
        return here.replace(hour=0, minute=0, second=0, microsecond=0)


def parts(connection: HTTPConnection) -> Parts:
    """The dependency of routes."""
    found: Parts = connection.app.state.parts
    return found

"""What takes calls, put together: the parts of the calls process and who knows whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from vorzimmer.agents.staff import Staff
from vorzimmer.announcements.library import media_uri
from vorzimmer.asterisk import cdr_file
from vorzimmer.asterisk.agi import AgiServer
from vorzimmer.asterisk.ami import Ami
from vorzimmer.asterisk.ami_on_demand import AmiOnDemand
from vorzimmer.asterisk.ari import Ari
from vorzimmer.asterisk.reachability import Reachability
from vorzimmer.calls.callbacks import Callbacks
from vorzimmer.calls.exchange import Exchange, Trunk
from vorzimmer.calls.faxing import Faxing, Way
from vorzimmer.calls.forwarding_check import ForwardingChecks
from vorzimmer.calls.gate import TrunkGate
from vorzimmer.calls.phones import Phones
from vorzimmer.calls.recovery import OpenCalls, Recovery
from vorzimmer.calls.supervisor import Supervisor
from vorzimmer.calls.waiting_line import WaitingLine
from vorzimmer.core import ports
from vorzimmer.core.dialing import Policy
from vorzimmer.core.floor import Floor
from vorzimmer.core.ports import Clock
from vorzimmer.roles.at_the_keypad import agi_server
from vorzimmer.roles.running import trouble
from vorzimmer.settings import Settings
from vorzimmer.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class House:
    """What takes the calls."""

    exchange: Exchange
    supervisor: Supervisor
    recovery: Recovery
    ami: Ami
    reachability: Reachability
    staff: Staff
    agi: AgiServer
    callbacks: Callbacks
    checks: ForwardingChecks
    faxing: Faxing


def build(settings: Settings, snapshot: Snapshot, journal: ports.Journal, lost: OpenCalls, clock: Clock) -> House:
    """Everything, not yet running; what was lost is listened to already. `lost`: calls that another process had."""
    paths, ari = settings.paths, settings.ari
    ami = Ami(settings.ami.host, settings.ami.port, settings.ami.user, settings.ami.password.get_secret_value())
    reachability = Reachability(ami)
    house = Policy(frozenset(settings.gate.countries), settings.gate.parallel, settings.gate.per_day)
    supervisor = Supervisor(lambda: exchange)
    callbacks = Callbacks(lambda: exchange, supervisor, paths.state / "callbacks.json", trouble)
    supervisor.on_end = callbacks.call_ended
    recovery = Recovery(lambda: exchange, supervisor, lost)
    watchdog = settings.watchdog
    checks = ForwardingChecks(lambda: exchange, supervisor.spawn, watchdog.caller, watchdog.seconds)
    supervisor.claim, recovery.clean_up = checks.claim, checks.clean_up
    faxing = Faxing(lambda: exchange, _fax_way(settings))
    recovery.look_through = faxing.found
    phones, floor = Phones(reachability.unreachable), Floor()
    line = WaitingLine(floor, phones.can_ring, clock)
    phones.on_change = reachability.on_change = line.stir
    exchange = Exchange(
        ari=Ari(
            ari.url,
            ari.user,
            ari.password.get_secret_value(),
            ari.app,
            on_start=supervisor.on_start,
            on_connect=recovery.connected,
        ),
        app=ari.app,
        journal=journal,
        clock=clock,
        phones=phones,
        floor=floor,
        line=line,
        callbacks=callbacks,
        gate=TrunkGate(
            house,
            lambda: snapshot.directory.own_numbers,
            settings.house.timezone,
            paths.state / "trunk-legs.json",
            clock,
        ),
        trunk=Trunk(settings.trunk.endpoint, settings.trunk.show),
        region=settings.house.region,
        directory=lambda: snapshot.directory,
        media_uri=partial(media_uri, paths.library),
        spool=paths.spool,
        recordings=paths.recordings,
        notes=paths.fallback / "calls",
        witness=partial(_ends, paths.cdr),
        recorder=_recorder(settings),
    )
    recovery.prepare()
    staff = Staff(
        floor,
        clock,
        paths.state / "agents.json",
        record=journal.append_agent,
        unreachable=reachability.unreachable,
        trouble=trouble,
    )
    agi = agi_server(settings, snapshot, staff, clock)
    return House(exchange, supervisor, recovery, ami, reachability, staff, agi, callbacks, checks, faxing)


def _fax_way(settings: Settings) -> Way:
    fax = settings.fax
    return Way(
        folder=settings.paths.fax,
        endpoint=fax.endpoint or settings.trunk.endpoint,
        t38=fax.t38,
        ring=fax.ring,
        longest=fax.longest,
    )


def _recorder(settings: Settings) -> Ami | None:
    """The connection that records talks, apart from the one that only lists telephones."""
    user = settings.recorder
    if user.password is None:
        return None
    return AmiOnDemand(settings.ami.host, settings.ami.port, user.user, user.password.get_secret_value())


def _ends(file: Path, call_ids: Collection[str], since: datetime) -> Mapping[str, datetime]:
    """When calls ended, from Asterisk's records. Without them the last time known counts: no call waits for a file."""
    try:
        return cdr_file.ended(file, call_ids, since)
    except OSError as error:
        trouble("records.unreadable", file=str(file), error=str(error))
        return {}

"""The tables of the settings file: what each key may be, and what it is where nobody says so. Read by `settings`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    IPvAnyAddress,
    SecretStr,
    model_validator,
)

from vorzimmer.core.model import Endpoint, Number, TimeZone

LONGEST_SOCKET_PATH = 107
"""Bytes of a Unix socket's path that Linux takes (unix(7): 108 with the final NUL)."""

Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Listening = Annotated[str, Field(pattern=r"^([0-9.]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}$")]
"""An address and a port: `0.0.0.0:5060`, `[::]:5060`."""


def _postgres_url(value: SecretStr) -> SecretStr:
    try:
        scheme = urlsplit(value.get_secret_value()).scheme
    except ValueError:
        scheme = ""
    if scheme not in ("postgresql", "postgres"):
        raise ValueError("write it as postgresql://user:password@host:port/database")
    return value


class Section(BaseModel):
    """A table of the file: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class House(Section):
    """The operator. `region` (ISO 3166) reads national number forms; `timezone` counts the days of caps."""

    name: str = "Vorzimmer"
    region: Country = "DE"
    timezone: TimeZone = "Europe/Berlin"


class Ari(Section):
    """Asterisk's HTTP server and the ARI user (ari.conf)."""

    url: Annotated[str, Field(pattern="^https?://[^/]+")] = "http://127.0.0.1:8088"
    user: str = "vorzimmer"
    password: SecretStr
    app: str = "vorzimmer"


class Ami(Section):
    """Asterisk's manager interface; the user reads the class `system` only (manager.conf)."""

    host: str = "127.0.0.1"
    port: Port = 5038
    user: str = "vorzimmer"
    password: SecretStr


class Agi(Section):
    """Where the daemon answers the dialplan (globals.conf, VZ_AGI): a port on loopback."""

    port: Port = 4573


class Service(Section):
    """The house's own number, at which drafts are heard and clients switch their line (globals.conf, VZ_SERVICE).

    None: there is no such number. `language`: of its words, until a client is known.
    """

    number: Number | None = None
    language: Literal["de", "en"] = "de"


class Recorder(Section):
    """The user of the manager interface who records talks; without a password no talk is recorded."""

    user: str = "vorzimmer-recorder"
    password: SecretStr | None = None


class Database(Section):
    """PostgreSQL, as a libpq URL; it may hold the password."""

    dsn: Annotated[SecretStr, AfterValidator(_postgres_url)]


class Smtp(Section):
    """The mail server that takes our mail. `tls`: none, STARTTLS, or TLS from the first byte; checked always.

    `reply_to`: the office's address, for replies that belong to no call; none: they go to `sender`.
    """

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,253}$")] = "127.0.0.1"
    port: Port = 25
    user: str | None = None
    password: SecretStr | None = None
    tls: Literal["none", "starttls", "tls"] = "none"
    ca_file: Path | None = None
    sender: str = "vorzimmer@localhost"
    reply_to: EmailStr | None = None
    timeout: Annotated[float, Field(gt=0, le=300)] = 20.0


class Notify(Section):
    """What clients are told of their calls. `templates`: a folder with the operator's own words (docs/templates.md).

    `link_days`: for how long the link to a recording is good.
    """

    templates: Path | None = None
    link_days: Annotated[int, Field(ge=1, le=365)] = 14


class Replies(Section):
    """Clients' replies by mail (docs/replies.md): your mail server hands over what goes to `domain`.

    `port`: where it does, by LMTP. No domain: clients reply to `smtp.reply_to`, and nothing is taken.
    """

    domain: Annotated[str, Field(max_length=200, pattern=r"^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$")] | None = None
    port: Port = 2424


def _socket(path: Path) -> Path:
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        raise ValueError(f"a socket's path has at most {LONGEST_SOCKET_PATH} bytes; choose a shorter folder")
    return path


class Paths(Section):
    """Folders; systemd/tmpfiles.conf makes them. Asterisk must read `fallback`, `library`, `spool` under the same path.

    `web` is where the pages keep their copy of the clients, for when the database is away.
    `spool` is Asterisk's own recording folder (astspooldir/recording); `fallback` holds what the dialplan needs
    when the daemon is away; `uploads` is where announcements wait for their conversion; `cdr` is the file into which
    Asterisk writes its own record of each call. `control` is the socket at which the calls process takes commands; its
    folder is the unit's RuntimeDirectory. `fax` holds the pages of faxes for Asterisk, and what it writes of their end.
    """

    state: Path = Path("/var/lib/vorzimmer/state")
    web: Path = Path("/var/lib/vorzimmer/web")
    library: Path = Path("/var/lib/vorzimmer/library")
    fallback: Path = Path("/var/lib/vorzimmer/fallback")
    recordings: Path = Path("/var/lib/vorzimmer/recordings")
    uploads: Path = Path("/var/lib/vorzimmer/uploads")
    spool: Path = Path("/var/spool/asterisk/recording")
    cdr: Path = Path("/var/log/asterisk/cdr-custom/vorzimmer.csv")
    fax: Path = Path("/var/lib/vorzimmer/fax")
    control: Annotated[Path, AfterValidator(_socket)] = Path("/run/vorzimmer/control.sock")


class Trunk(Section):
    """The PJSIP endpoint that leads outside, and the number shown there.

    `show`: the client's DID, or the caller's number with a Diversion header where the carrier allows it.
    """

    endpoint: Endpoint = "trunk"
    show: Literal["did", "caller"] = "did"


class Fax(Section):
    """Faxes (docs/fax.md). `endpoint`: the PJSIP endpoint by which they leave; none: the trunk's.

    `t38`: ask the other side for T.38; refused, and without it, the fax goes as sound (G.711). `tries`: at most so
    many calls to one fax number for a message; `pause`: minutes between two of them. `ring`: seconds. `longest`:
    seconds for one fax from the dialling on. `number`: stands at the top of each page with the house's name; none: the
    client's DID.
    `fonts`: font files (TrueType, OpenType) beside those that Debian has for Latin and Chinese.
    """

    endpoint: Endpoint | None = None
    t38: bool = False
    tries: Annotated[int, Field(ge=1, le=20)] = 5
    pause: Annotated[int, Field(ge=1, le=240)] = 5
    ring: Annotated[int, Field(ge=10, le=120)] = 45
    longest: Annotated[int, Field(ge=120, le=3600)] = 900
    number: Number | None = None
    fonts: tuple[Path, ...] = ()


class Phones(Section):
    """The agents' telephones (`vorzimmer phone`). `file`: what Asterisk includes; its folder says whom it belongs to.

    `tcp` and `tls`: address and port at which Asterisk takes telephones that use these; `certificate` and `key`
    (PEM): for TLS. `media_address`: the address of sound, where it is not to be asked for.
    """

    file: Path = Path("/etc/asterisk/vorzimmer.d/phones.conf")
    tcp: Listening = "0.0.0.0:5060"
    tls: Listening = "0.0.0.0:5061"
    certificate: Path | None = None
    key: Path | None = None
    media_address: IPvAnyAddress | None = None


class Gate(Section):
    """The house's limits on trunk legs (see `core.dialing`); a client may have its own."""

    countries: tuple[Country, ...] = ("DE", "AT", "CH", "FR", "PL", "DK", "NL", "BE", "LU", "CZ")
    parallel: Annotated[int, Field(ge=0)] = 10
    per_day: Annotated[int, Field(ge=0)] = 200


class Web(Section):
    """The pages for agents, supervisors and clients, on loopback behind a web server that has a certificate.

    `base_url`: what people open; https anywhere but on one's own machine, for a browser gives no microphone otherwise.
    `sip_url`: where the telephone in the browser registers; none: `/ws` at `base_url`. `stun` and `turn`: URLs
    (`stun:HOST`, `turn:HOST?transport=udp`) for agents behind narrow routers; TURN passwords last `turn_seconds` and
    are made with `turn_secret` (coturn's `static-auth-secret`). `totp_for`: who must have a second factor.
    """

    host: str = "127.0.0.1"
    port: Port = 8080
    base_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")] = "http://localhost:8080"
    sip_url: Annotated[str, Field(pattern=r"^wss?://[^/\s]+(/\S*)?$")] | None = None
    stun: tuple[Annotated[str, Field(pattern=r"^stuns?:\S+$")], ...] = ()
    turn: tuple[Annotated[str, Field(pattern=r"^turns?:\S+$")], ...] = ()
    turn_secret: SecretStr | None = None
    turn_seconds: Annotated[int, Field(ge=60, le=86400)] = 43200
    totp_for: tuple[Literal["admin", "supervisor", "agent", "client"], ...] = ("admin", "supervisor")

    @property
    def sip(self) -> str:
        """Where the telephone in the browser registers."""
        scheme, _, host = self.base_url.partition("://")
        return self.sip_url or f"{'wss' if scheme == 'https' else 'ws'}://{host}/ws"


class Watch(Section):
    """Where each role tells how it is (`/metrics`, `/ready`): ports on loopback; 0: nowhere.

    On `web` are the pages for people too.
    """

    calls: Annotated[int, Field(ge=0, le=65535)] = 9464
    worker: Annotated[int, Field(ge=0, le=65535)] = 9465
    web: Annotated[int, Field(ge=0, le=65535)] = 9466


class Watchdog(Section):
    """Rings clients' own numbers before their offices open, to see that they are still forwarded to us.

    `caller`: the number of ours that is shown then; it is nobody's own. `minutes_before` the opening it begins.
    `per_day`, `per_client`: the most calls in a day. `seconds`: for how long a number is rung that is not forwarded.
    """

    enabled: bool = False
    caller: Number | None = None
    minutes_before: Annotated[int, Field(ge=15, le=240)] = 60
    per_day: Annotated[int, Field(ge=0)] = 2000
    per_client: Annotated[int, Field(ge=0)] = 20
    seconds: Annotated[int, Field(ge=5, le=60)] = 30

    @model_validator(mode="after")
    def _has_caller(self) -> Self:
        if self.enabled and self.caller is None:
            raise ValueError("the watchdog needs a number of yours to ring from: set watchdog.caller")
        return self


class Pace(Section):
    """How many messages each client may have sent in an hour, by channel; the others wait.

    So many may go at once; then they go evenly, as the hour passes.
    """

    email: Annotated[int, Field(ge=1)] = 600
    sms: Annotated[int, Field(ge=1)] = 60
    fax: Annotated[int, Field(ge=1)] = 20
    webhook: Annotated[int, Field(ge=1)] = 6000


class Announcements(Section):
    """The clients' announcements. `loudness`: of all that is converted from now on, in LUFS (EBU R128)."""

    loudness: Annotated[float, Field(ge=-31, le=-16)] = -23.0


class Setup(Section):
    """Setting clients up: who does it (addresses, by role; a role without any is the lead's), and the price list.

    Without a lead, `alarm.to` is written to. `language`: of letters inside the house. `price_list`: a file like the
    one that comes with the program (`vorzimmer order prices` prints it), which holds without it.
    """

    it: tuple[EmailStr, ...] = ()
    lead: tuple[EmailStr, ...] = ()
    sales: tuple[EmailStr, ...] = ()
    studio: tuple[EmailStr, ...] = ()
    language: Literal["de", "en"] = "de"
    price_list: Path | None = None

"""Where everything in a sandbox is: ports, folders, passwords, and what Asterisk and the daemon are told of them.

| port | who |
| --- | --- |
| `sip_port` | Asterisk, UDP and TCP; calls from 127.0.0.1 are the trunk's and arrive in `from-trunk` |
| `sip_tls_port` | Asterisk, SIP over TLS |
| `trunk_port` | nobody yet: where Asterisk sends calls over the trunk, for a test's own SIP server |
| `agent_port(k)` | nobody yet: where Asterisk rings agent k (endpoints `agent1` … `agentN`) |
| `spare_port` | nobody: for whoever needs one more |
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vorzimmer.asterisk.render import Agent, Trunk, User, Values
from vorzimmer.sandbox.ports import Block
from vorzimmer.sandbox.state import State

MAX_AGENTS = 240
HTTP, AMI, SIP, SMTP, POSTGRES, TRUNK, SPARE, WATCH_CALLS, WATCH_WORKER, WATCH_WEB, SIP_TLS, AGI, WEB, AGENTS = range(
    14
)  # places in the block
DATABASE = ROLE = "vorzimmer"
CALLER = "sandbox-caller"  # the endpoint through which Asterisk calls itself as if from outside
FAX = "sandbox-fax"  # the same for faxes, which may go by T.38
SERVICE_NUMBER = "+4930990000"  # where drafts are heard and clients switch their line
_RTP = (10000, 19999)  # shared by all sandboxes: Asterisk passes over a port in use


@dataclass(frozen=True)
class Layout:
    """A sandbox's addresses; nothing here says whether it runs."""

    folder: Path
    state: State
    block: Block

    @property
    def ari_url(self) -> str:
        """Where ARI is."""
        return f"http://127.0.0.1:{self.block.port(HTTP)}"

    @property
    def ari_user(self) -> str:
        """The user of ARI and of AMI."""
        return "vorzimmer"

    ami_user = ari_user

    @property
    def ari_password(self) -> str:
        """ARI's password."""
        return self.state.passwords["ari"]

    @property
    def ami_password(self) -> str:
        """AMI's password."""
        return self.state.passwords["ami"]

    @property
    def ami_port(self) -> int:
        """Where AMI is."""
        return self.block.port(AMI)

    @property
    def sip_port(self) -> int:
        """Where Asterisk takes SIP, by UDP, and by TCP once a telephone asks for it."""
        return self.block.port(SIP)

    @property
    def sip_tls_port(self) -> int:
        """Where Asterisk takes SIP by TLS once a telephone asks for it."""
        return self.block.port(SIP_TLS)

    @property
    def smtp_port(self) -> int:
        """Where the mail server is."""
        return self.block.port(SMTP)

    @property
    def trunk_port(self) -> int:
        """Where Asterisk sends what goes out over the trunk (`PJSIP/NUMBER@trunk`)."""
        return self.block.port(TRUNK)

    @property
    def spare_port(self) -> int:
        """A port that is kept free."""
        return self.block.port(SPARE)

    def agent_port(self, number: int) -> int:
        """Where Asterisk rings `agentN`; counted from 1."""
        return self.block.port(AGENTS + number - 1)

    @property
    def dsn(self) -> str:
        """The database `vorzimmer`, by the role that owns it, or the server that was given."""
        if self.state.dsn is not None:
            return self.state.dsn
        return (
            f"postgresql://{ROLE}:{self.state.passwords['database']}@127.0.0.1:{self.block.port(POSTGRES)}/{DATABASE}"
        )

    @property
    def settings_toml(self) -> Path:
        """The daemon's settings for this sandbox."""
        return self.folder / "vorzimmer.toml"

    @property
    def library(self) -> Path:
        """Announcements, ready for Asterisk."""
        return self.folder / "library"

    @property
    def fallback(self) -> Path:
        """What the dialplan needs while the daemon is away."""
        return self.folder / "fallback"

    @property
    def uploads(self) -> Path:
        """Announcements that wait for their conversion."""
        return self.folder / "uploads"

    @property
    def recordings(self) -> Path:
        """Messages that callers left."""
        return self.folder / "recordings"

    @property
    def fax(self) -> Path:
        """Faxes under way, and how they ended."""
        return self.folder / "fax"

    @property
    def fax_machine(self) -> Path:
        """What the sandbox's own fax machine received; see `vorzimmer.sandbox.fax_machine`."""
        return self.folder / "fax-machine"

    @property
    def spool(self) -> Path:
        """Where Asterisk records."""
        return self.folder / "asterisk" / "spool" / "recording"

    @property
    def daemon_state(self) -> Path:
        """The daemon's own folder: journal and snapshot."""
        return self.folder / "state"

    @property
    def mail(self) -> Path:
        """The mail server's folder; see `vorzimmer.sandbox.mail`."""
        return self.folder / "mail"

    @property
    def etc(self) -> Path:
        """Asterisk's configuration, written anew by each `up`."""
        return self.folder / "asterisk" / "etc"

    @property
    def cdr(self) -> Path:
        """Asterisk's own call records."""
        return self.folder / "asterisk" / "log" / "cdr-custom" / "vorzimmer.csv"

    @property
    def web_port(self) -> int:
        """Where the pages are."""
        return self.block.port(WEB)

    @property
    def control(self) -> Path:
        """The daemon's control socket, in a folder whose path is short."""
        return self.block.folder / "control.sock"

    def values(self) -> Values:
        """What Asterisk's configuration is rendered from."""
        passwords = self.state.passwords
        numbered = (
            Agent(f"agent{k}", contact=f"sip:agent{k}@127.0.0.1:{self.agent_port(k)}")
            for k in range(1, self.state.agents + 1)
        )
        phones = (Agent(name, password=passwords[name]) for name in ("softphone1", "softphone2"))
        return Values(
            system="vz" + hashlib.sha256(str(self.folder).encode()).hexdigest()[:8],
            bind=f"127.0.0.1:{self.sip_port}",
            trunk=Trunk("trunk", f"sip:127.0.0.1:{self.trunk_port}", ("127.0.0.1",), t38=True),
            agents=(*numbered, *phones),
            ari=User(self.ari_user, self.ari_password),
            http_port=self.block.port(HTTP),
            ami=User(self.ami_user, self.ami_password),
            ami_port=self.ami_port,
            recorder=User("vorzimmer-recorder", passwords["recorder"]),
            rtp=_RTP,
            music=self.folder / "asterisk" / "music",
            fallback=self.fallback,
            calls_only=dict.fromkeys((CALLER, FAX), f"sip:127.0.0.1:{self.sip_port}"),
            t38_calls_only=frozenset({FAX}),
            media_address="127.0.0.1",
            agi_port=self.block.port(AGI),
            service=SERVICE_NUMBER.removeprefix("+"),
            fax=self.fax,
        )

    def settings(self) -> dict[str, Any]:
        """The daemon's settings, section by section."""
        return {
            "ari": {"url": self.ari_url, "user": self.ari_user, "password": self.ari_password},
            "ami": {"port": self.ami_port, "user": self.ami_user, "password": self.ami_password},
            "recorder": {"password": self.state.passwords["recorder"]},
            "agi": {"port": self.block.port(AGI)},
            "service": {"number": SERVICE_NUMBER},
            "database": {"dsn": self.dsn},
            "smtp": {"port": self.smtp_port, "sender": "vorzimmer@sandbox.example"},
            "watch": {
                "calls": self.block.port(WATCH_CALLS),
                "worker": self.block.port(WATCH_WORKER),
                "web": self.block.port(WATCH_WEB),
            },
            "web": {
                "port": self.web_port,
                "base_url": f"http://localhost:{self.web_port}",
                "sip_url": f"ws://127.0.0.1:{self.block.port(HTTP)}/ws",
                "totp_for": [],
            },
            "phones": {
                "file": str(self.etc / "vorzimmer.d" / "phones.conf"),
                "tcp": f"127.0.0.1:{self.sip_port}",
                "tls": f"127.0.0.1:{self.sip_tls_port}",
                "media_address": "127.0.0.1",
            },
            "fax": {"endpoint": FAX, "t38": True, "pause": 1},
            "alarm": {"to": ["operator@sandbox.example"]},
            "paths": {
                "state": str(self.daemon_state),
                "web": str(self.folder / "web"),
                "library": str(self.library),
                "fallback": str(self.fallback),
                "recordings": str(self.recordings),
                "uploads": str(self.uploads),
                "spool": str(self.spool),
                "cdr": str(self.cdr),
                "control": str(self.control),
                "fax": str(self.fax),
            },
        }

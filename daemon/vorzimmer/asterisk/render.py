"""The values files of Asterisk's configuration (`vorzimmer.d/*.conf`), from plain values, written atomically.

The files in `dialplan/` are the same on every machine; addresses, ports, folders, agents and passwords stand in the
files that are rendered here. Asterisk's format has no quoting: a line break in a value starts a new setting and a
semicolon starts a comment, so the first is refused and the second escaped.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class RenderError(ValueError):
    """A value cannot stand in Asterisk's configuration; the text names it, without showing a password."""


@dataclass(frozen=True)
class Agent:
    """An endpoint that is called. `password` lets a phone register; `contact` is a SIP URI known beforehand."""

    name: str
    password: str | None = field(default=None, repr=False)
    contact: str | None = None


@dataclass(frozen=True)
class Trunk:
    """The way outside. `contact`: the SIP URI of outgoing calls; `sources`: addresses from which calls come in.

    `t38`: whether fax may change over to T.38 there.
    """

    name: str
    contact: str
    sources: tuple[str, ...]
    t38: bool = False


@dataclass(frozen=True)
class User:
    """A user of ARI or AMI."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Values:
    """Everything that differs between two machines.

    `bind` is SIP's `address:port`; `rtp` the first and last port of sound; `calls_only` are further endpoints, by
    name and SIP URI, that can be called and from which nothing comes; `country_code` is what national numbers lack;
    `agi_port` is where the daemon answers the dialplan; `service` the service number's digits in E.164, or `none`.
    `recorder` is the user of AMI who records talks. `fax` is the folder of faxes under way; `t38_calls_only` are those
    of `calls_only` over which fax may change over to T.38.
    """

    system: str
    bind: str
    trunk: Trunk
    agents: tuple[Agent, ...]
    ari: User
    http_port: int
    ami: User
    ami_port: int
    rtp: tuple[int, int]
    music: Path
    fallback: Path
    calls_only: Mapping[str, str] = field(default_factory=dict)
    media_address: str | None = None
    recorder: User | None = None
    country_code: int = 49
    agi_port: int = 4573
    service: str = "none"
    fax: Path = Path("/var/lib/vorzimmer/fax")
    t38_calls_only: frozenset[str] = frozenset()


def write(folder: Path, values: Values, directories: Mapping[str, Path] | None = None, mode: int = 0o640) -> None:
    """Write every values file into `folder` (`vorzimmer.d`), each swapped in whole.

    Args:
        folder: made if it is missing.
        values: what to write.
        directories: folders of asterisk.conf (`astspooldir` …), where Debian's own are not meant.
        mode: of the files; they hold passwords.

    Raises:
        RenderError: a value cannot be written; no file is changed.
        OSError: the folder cannot be written.
    """
    texts = files(values, directories or {})
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    for name, text in texts.items():
        swap_in(folder / name, text, mode)


def files(values: Values, directories: Mapping[str, Path]) -> dict[str, str]:
    """The text of each values file by its name.

    Raises:
        RenderError: a value holds a control character or a name is none.
    """
    return {
        "asterisk.conf": _asterisk(values, directories),
        "pjsip.conf": _pjsip(values),
        "http.conf": _lines({"bindport": values.http_port}),
        "ari.conf": section(
            checked_name(values.ari.name),
            {"type": "user", "read_only": "no", "password_format": "plain", "password": values.ari.password},
        ),
        "manager.conf": section("general", {"port": values.ami_port}, "+")
        + section(checked_name(values.ami.name), {"secret": values.ami.password}, "reader")
        + _recorder(values.recorder),
        "rtp.conf": _lines({"rtpstart": values.rtp[0], "rtpend": values.rtp[1]}),
        "musiconhold.conf": _lines({"directory": values.music}),
        "globals.conf": section(
            "globals",
            {
                "VZ_FALLBACK": _literal(values.fallback),
                "VZ_COUNTRY": values.country_code,
                "VZ_AGI": values.agi_port,
                "VZ_SERVICE": values.service,
                "VZ_FAX": _literal(values.fax),
            },
        ),
    }


def _recorder(user: User | None) -> str:
    return "" if user is None else section(checked_name(user.name), {"secret": user.password}, "recorder")


def _asterisk(values: Values, directories: Mapping[str, Path]) -> str:
    folders = section("directories", directories) if directories else ""
    return folders + section("options", {"systemname": checked_name(values.system)}, "+")


def _pjsip(values: Values) -> str:
    media: dict[str, str] = {}
    if values.media_address is not None:
        media = {"media_address": values.media_address, "bind_rtp_to_media_address": "yes"}
    trunk = checked_name(values.trunk.name)
    texts = [
        section("transport-udp", {"type": "transport", "protocol": "udp", "bind": values.bind}),
        section(trunk, {"aors": trunk, **media, **_t38(on=values.trunk.t38)}, "trunk-leg"),
        section(trunk, {"type": "aor", "contact": values.trunk.contact}),
        section(trunk, {"type": "identify", "endpoint": trunk, "match": ",".join(values.trunk.sources)}),
    ]
    texts += [_agent(agent, media) for agent in values.agents]
    for name, contact in values.calls_only.items():
        t38 = _t38(on=name in values.t38_calls_only)
        texts.append(section(checked_name(name), {"aors": name, **media, **t38}, "trunk-leg"))
        texts.append(section(name, {"type": "aor", "contact": contact}))
    return "\n".join(texts)


def _t38(*, on: bool) -> dict[str, str]:
    return {"t38_udptl": "yes"} if on else {}


def _agent(agent: Agent, media: Mapping[str, str]) -> str:
    name = checked_name(agent.name)
    if agent.password is None and agent.contact is None:
        raise RenderError(f"agent {name} has neither a password to register with nor a contact")
    address = {} if agent.contact is None else {"contact": agent.contact}
    if agent.password is None:
        # Known by no address and no name: without a password anybody could say to be this agent.
        nobody = {"identify_by": "ip"}
        return section(name, {"aors": name, **nobody, **media}, "agent-leg") + section(name, {"type": "aor", **address})
    return (
        section(name, {"auth": name, "aors": name, **media}, "agent-leg")
        + section(name, {"username": name, "password": agent.password}, "agent-password")
        + section(name, address, "agent-address")
    )


def section(name: str, settings: Mapping[str, object], template: str = "") -> str:
    """A section with its settings, made from a template if one is named.

    Raises:
        RenderError: a value cannot be written.
    """
    head = f"[{name}]({template})" if template else f"[{name}]"
    return f"{head}\n{_lines(settings)}\n"


def _lines(settings: Mapping[str, object]) -> str:
    return "".join(f"{key} = {_value(key, value)}\n" for key, value in settings.items())


def checked_name(text: str) -> str:
    """The name of a section or endpoint, which also stands in dial strings.

    Raises:
        RenderError: it is none.
    """
    if _NAME.fullmatch(text) is None:
        raise RenderError(f"{text!r} is no name: letters, digits, _ and - only, 63 at most")
    return text


def _value(key: str, value: object) -> str:
    """A value as it can stand behind `key =`."""
    text = str(value)
    if not text or _CONTROL.search(text) or text != text.strip():
        raise RenderError(f"the value of {key} is empty, or holds a line break, a control character or an outer blank")
    return text.replace(";", "\\;")


def _literal(path: Path) -> Path:
    """A path for the dialplan, which would replace `${…}` in it."""
    if "$" in str(path):
        raise RenderError(f"a folder that the dialplan uses cannot have a $ in its path: {path}")
    return path


def swap_in(file: Path, text: str, mode: int) -> None:
    """Replace a file in one step. It belongs to whom its folder belongs to: root writes it, Asterisk reads it.

    Raises:
        OSError: it cannot be written; the old one is still there.
    """
    handle, draft = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            os.fchmod(stream.fileno(), mode)
            owner = file.parent.stat()
            if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(handle, owner.st_uid, owner.st_gid)
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise

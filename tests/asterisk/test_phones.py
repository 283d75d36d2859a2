"""The file of the agents' telephones."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vorzimmer.asterisk import phones
from vorzimmer.asterisk.phones import REALM, Listening, Phone
from vorzimmer.asterisk.render import RenderError
from vorzimmer.core.agent import Transport

PJSIP = (Path(__file__).parents[2] / "dialplan" / "pjsip.conf").read_text()
LISTENING = Listening("192.0.2.1:5060", "192.0.2.1:5061", Path("/srv/cert.pem"), Path("/srv/key.pem"), "192.0.2.1")
ALL = [Phone(f"anna-{one}", one, phones.digest(f"anna-{one}", "secret")) for one in Transport]


def test_every_template_and_the_include_are_in_the_shipped_file() -> None:
    """A telephone made from a template that nobody wrote keeps Asterisk from reading any of its SIP settings."""
    text = phones.text(ALL, LISTENING)
    used = set(re.findall(r"(?m)^\[[^\]]+\]\(([^)]+)\)$", text))
    assert used <= set(re.findall(r"(?m)^\[([^\]]+)\]\(!", PJSIP))
    assert len(used) == 5
    assert PJSIP.rstrip().endswith("#tryinclude vorzimmer.d/phones.conf")


def test_the_realm_is_the_shipped_files() -> None:
    """A digest made with another realm fits no password."""
    assert set(re.findall(r"(?m)^(?:default_)?realm = (.+)$", PJSIP)) == {REALM}
    assert phones.digest("anna", "secret") == "52ee104101af67359b509a8f549b743f"


@pytest.mark.parametrize(
    ("transport", "sections"),
    [
        (Transport.UDP, set()),
        (Transport.WEBRTC, set()),
        (Transport.TCP, {"phones-tcp"}),
        (Transport.TLS, {"phones-tls"}),
    ],
)
def test_transports_stand_there_only_if_used(transport: Transport, sections: set[str]) -> None:
    """Asterisk opens no port that no telephone needs."""
    text = phones.text([Phone("anna", transport, "0" * 32)], LISTENING)
    assert set(re.findall(r"(?m)^\[(phones-[a-z]+)\]$", text)) == sections


def test_its_own_names_are_found_again() -> None:
    """What a later file leaves out has to be gone from Asterisk: so the names of the file before are read."""
    assert phones.names(phones.text(ALL, LISTENING)) == {phone.endpoint for phone in ALL}
    assert phones.names(phones.text([], LISTENING)) == set()
    assert phones.names("") == set()


def test_digests_do_not_show_in_logs() -> None:
    """A digest is as good as the password."""
    assert ALL[0].digest not in repr(ALL[0])


@pytest.mark.parametrize("evil", ["a\nb", "a\r\n[trunk]", "a\x00", "", " a", "a\u2028b"])
@pytest.mark.parametrize("field", ["tcp", "tls", "certificate", "key", "media_address", "endpoint", "digest"])
def test_hostile_values_are_refused(field: str, evil: str) -> None:
    """No value starts a setting or a section of its own, whoever wrote it into the database."""
    changed: dict[str, Any] = {field: evil}
    listening, phone = LISTENING, Phone("anna", Transport.TLS, "0" * 32)
    if field == "endpoint":
        phone = replace(phone, endpoint=evil)
    elif field == "digest":
        phone = replace(phone, digest=f"{evil}\n")
    else:
        listening = replace(listening, **changed)
    with pytest.raises(RenderError):
        phones.text([phone, Phone("ben", Transport.TCP, "0" * 32)], listening)


def test_tls_without_certificate_is_refused() -> None:
    """The sentence names the settings."""
    with pytest.raises(RenderError, match=r"phones\.certificate and phones\.key"):
        phones.text([Phone("anna", Transport.TLS, "0" * 32)], Listening("192.0.2.1:5060", "192.0.2.1:5061"))

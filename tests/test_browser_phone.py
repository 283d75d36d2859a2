"""The install sheet of the telephone in the page, and its sample files, fit what there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from vorzimmer.core.agent import Transport
from vorzimmer.core.client import Book
from vorzimmer.settings_sections import Ari, Web

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "browser-phone.md").read_text()
NGINX = (DOCS / "nginx-vorzimmer.conf").read_text()
TURN = (DOCS / "turnserver-vorzimmer.conf").read_text()
BLOCKS = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)]


def test_the_examples_are_taken() -> None:
    """The agent of the page can be imported and has a telephone for the browser; the settings are settings."""
    [agent] = Book.model_validate(BLOCKS[0]).agent
    assert agent.phones[1].transport is Transport.WEBRTC
    given = [Web.model_validate(block["web"]) for block in BLOCKS if "web" in block]
    assert given[0].sip == "wss://pbx.example.org/ws"
    assert len(given[1].turn) == 3


def test_the_web_server_passes_on_what_it_should_and_nothing_else() -> None:
    """Pages and telephones at the ports that there are; Asterisk behind one exact path, once it is known who comes."""
    ari, pages = Ari.model_fields["url"].default, f"http://127.0.0.1:{Web.model_fields['port'].default}"
    passed = set(re.findall(r"proxy_pass (\S+);", NGINX))
    assert passed == {pages, f"{ari}/ws", f"{pages}/api/phone/line"}
    door = NGINX.partition("location = /ws {")[2].partition("}")[0]
    assert f"proxy_pass {ari}/ws;" in door
    assert "auth_request /vorzimmer-who;" in door
    assert "proxy_bind 127.0.0.2;" in door
    limits = [int(most) for most in re.findall(r"limit_conn \w+ (\d+);", door)]
    sessions = int(re.findall(r"(?m)^sessionlimit = (\d+)", (DOCS.parent / "dialplan" / "http.conf").read_text())[0])
    assert len(limits) == 2
    assert max(limits) < sessions
    assert re.findall(r"\b127\.0\.0\.1:\d+", PAGE) == [*[f"127.0.0.1:{port}" for port in (5062, 8080, 8088, 8080)]]


def test_the_relay_leads_nowhere_else() -> None:
    """Without a password that ends by itself, and without closed ways, a relay is a hole in the operator's network."""
    lines = TURN.splitlines()
    assert "use-auth-secret" in lines
    assert "denied-peer-ip=0.0.0.0-255.255.255.255" in lines
    assert any(line.startswith("denied-peer-ip=::-") for line in lines)
    assert {"no-cli", "no-tcp-relay", "no-multicast-peers"} <= set(lines)

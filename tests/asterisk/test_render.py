"""The values files of Asterisk's configuration."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from vorzimmer.asterisk import render
from vorzimmer.asterisk.render import Agent, RenderError, Trunk, User, Values

DIALPLAN = Path(__file__).parents[2] / "dialplan"
VALUES = Values(
    system="vorzimmer1",
    bind="192.0.2.1:5060",
    trunk=Trunk("trunk", "sip:192.0.2.10:5060", ("192.0.2.10", "192.0.2.11")),
    agents=(Agent("agent1", password="secret"), Agent("agent2", contact="sip:agent2@192.0.2.20")),
    ari=User("vorzimmer", "ari-secret"),
    http_port=8088,
    ami=User("vorzimmer", "ami-secret"),
    ami_port=5038,
    rtp=(10000, 20000),
    music=Path("/srv/music"),
    fallback=Path("/var/lib/vorzimmer/fallback"),
)


def _shape(text: str) -> set[tuple[str, ...]]:
    """Sections with their templates, and keys."""
    lines = (line for line in text.splitlines() if line and not line.startswith(";"))
    return {(line,) if line.startswith("[") else (line.split(" = ")[0],) for line in lines}


def test_has_the_shape_of_the_files_that_an_operator_edits() -> None:
    """Every section and key that the shipped values files hold is rendered, in a file of the same name."""
    texts = render.files(VALUES, {})
    shipped = {file.name: file.read_text() for file in (DIALPLAN / "vorzimmer.d").glob("*.conf")}
    assert texts.keys() == shipped.keys()
    for name, text in shipped.items():
        assert _shape(text) <= _shape(texts[name]), name


def test_every_values_file_is_included_once() -> None:
    """A rendered file that no shipped file includes would have no effect."""
    included = [
        name
        for file in DIALPLAN.glob("*.conf")
        for name in re.findall(r"(?m)^#include vorzimmer\.d/(.+)$", file.read_text())
    ]
    assert sorted(included) == sorted(render.files(VALUES, {}))


@pytest.mark.parametrize("evil", ["a\nb", "a\r\n[trunk]", "a\x00", "a\x85b", "a\u2028b", "", " a", "a\t"])
@pytest.mark.parametrize(
    "change",
    [
        lambda evil: replace(VALUES, ari=User("vorzimmer", evil)),
        lambda evil: replace(VALUES, bind=evil),
        lambda evil: replace(VALUES, trunk=replace(VALUES.trunk, contact=evil)),
        lambda evil: replace(VALUES, trunk=replace(VALUES.trunk, sources=(evil,))),
        lambda evil: replace(VALUES, agents=(Agent("agent1", contact=evil),)),
        lambda evil: replace(VALUES, agents=(Agent(evil, password="secret"),)),
        lambda evil: replace(VALUES, calls_only={evil: "sip:192.0.2.1"}),
        lambda evil: replace(VALUES, system=evil),
    ],
)
def test_refuses_what_would_start_another_setting(tmp_path: Path, change: object, evil: str) -> None:
    """A line break or control character in any value is refused and no file is written."""
    assert callable(change)
    with pytest.raises(RenderError):
        render.write(tmp_path / "vorzimmer.d", change(evil))
    assert not (tmp_path / "vorzimmer.d").exists()


def test_a_refused_password_is_not_shown() -> None:
    """The message of a refusal names the setting, not the secret."""
    with pytest.raises(RenderError) as refused:
        render.files(replace(VALUES, ari=User("vorzimmer", "hunter2\n")), {})
    assert "password" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "ari-secret" not in repr(VALUES)


def test_a_semicolon_is_no_comment() -> None:
    """SIP URIs carry parameters behind a semicolon, which would begin a comment."""
    texts = render.files(replace(VALUES, agents=(Agent("a", contact="sip:a@192.0.2.1;transport=udp"),)), {})
    assert "contact = sip:a@192.0.2.1\\;transport=udp\n" in texts["pjsip.conf"]


def test_refuses_a_path_that_the_dialplan_would_replace() -> None:
    """`${…}` in a path of the dialplan would be evaluated on each call."""
    with pytest.raises(RenderError, match=r"\$"):
        render.files(replace(VALUES, fallback=Path("/srv/${CALLERID(num)}")), {})


def test_refuses_an_agent_that_nobody_can_reach() -> None:
    """Neither password nor contact is a mistake, not an open door."""
    with pytest.raises(RenderError, match="agent9"):
        render.files(replace(VALUES, agents=(Agent("agent9"),)), {})


def test_files_are_swapped_in_whole_and_private(tmp_path: Path) -> None:
    """A second rendering replaces the files, keeps no draft, and lets nobody else read passwords."""
    render.write(tmp_path, VALUES)
    render.write(tmp_path, replace(VALUES, http_port=8099))
    assert (tmp_path / "http.conf").read_text() == "bindport = 8099\n"
    assert {file.name for file in tmp_path.iterdir()} == set(render.files(VALUES, {}))
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o640}

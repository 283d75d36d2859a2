"""`vorzimmer check`, against a real Asterisk, PostgreSQL and mail server."""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Vorzimmer
from vorzimmer.cli import check_asterisk, check_house, check_machine
from vorzimmer.sandbox.sandbox import Sandbox

Check = Callable[..., list[str]]

BOOK = """
[[group]]
id = "office"
endpoints = ["agent1", "nobody"]

[[agent]]
id = "anna"
name = "Anna"
phones = ["agent2", "anna"]
"""


@pytest.fixture
def lines(run: Vorzimmer, sandbox: Sandbox, dsn: str, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Check the sandbox with some settings changed; the lines printed, the last one about the exit code.

    The machine that runs the tests is none of their business.
    """
    monkeypatch.setattr(check_asterisk, "TIMEOUT", 2.0)
    monkeypatch.setattr(check_machine, "LEAST_BYTES", 0)
    monkeypatch.setattr(check_machine, "LEAST_SHARE", 0)
    monkeypatch.setattr(check_machine, "LEAST_FILES", 0)
    monkeypatch.setattr(check_machine, "BOOTED", Path("/nowhere"))

    def check(**changed: object) -> list[str]:
        nobody = {"WATCH__CALLS": 0, "WATCH__WORKER": 0}  # the daemon does not run here
        for name, value in {"DATABASE__DSN": dsn, **nobody, **changed}.items():
            monkeypatch.setenv(f"VORZIMMER_{name}", str(value))
        result = run("--config", sandbox.settings_toml, "check")
        assert "Traceback" not in result.output
        return [*result.output.splitlines(), f"exit {result.exit_code}"]

    return check


def wrong(lines: list[str]) -> list[str]:
    """Only the findings."""
    return [line.removeprefix("WRONG  ") for line in lines if line.startswith("WRONG  ")]


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_all_is_well(lines: Check) -> None:
    """In a house that works every part is ok, with its version or place, and the exit code is 0."""
    found = lines()
    assert wrong(found) == []
    assert found[-1] == "exit 0"
    assert any(line.startswith("ok     ARI: Asterisk 22.") for line in found)
    assert "ok     database: schema current, 0 clients" in found


@pytest.mark.parametrize(
    ("name", "value", "finding"),
    [
        ("ARI__PASSWORD", "wrong", "ARI: user 'vorzimmer' is refused; ari.user and ari.password must be those of"),
        ("AMI__PASSWORD", "wrong", "login as 'vorzimmer' refused: Authentication failed; see manager.conf"),
        ("ARI__APP", "other", "AMI: arrive@vorzimmer does not lead to Stasis(other); ari.app must be"),
        (
            "TRUNK__ENDPOINT",
            "carrier",
            "AMI: trunk.endpoint names the endpoint 'carrier', which Asterisk",
        ),
        ("FAX__ENDPOINT", "trunk-fax", "AMI: fax.endpoint names the endpoint 'trunk-fax', which Asterisk"),
        ("HOUSE__REGION", "AT", "AMI: VZ_COUNTRY in the dialplan is not 43, as house.region 'AT' asks for"),
        ("AGI__PORT", 4574, "AMI: VZ_AGI in the dialplan is not 4574, which is agi.port; feature codes"),
        ("SERVICE__NUMBER", "+4930123456", "AMI: VZ_SERVICE in the dialplan is not 4930123456, the digits of"),
        ("PATHS__STATE", "/nowhere", "paths.state: /nowhere is no folder; make it"),
        ("SMTP__TLS", "starttls", "(tls: starttls): "),
        ("SMTP__CA_FILE", "/nowhere", "mail: "),
    ],
)
def test_one_wrong_setting_is_one_finding(lines: Check, name: str, value: object, finding: str) -> None:
    """Each mistake is one sentence that names the key and what to do, and the exit code is 1."""
    changed: dict[str, object] = {name: value}
    if name == "SMTP__CA_FILE":
        changed["SMTP__TLS"] = "tls"
    found = lines(**changed)
    assert len(wrong(found)) == 1, found
    assert finding in wrong(found)[0]
    assert found[-2:] == ["1 thing is wrong", "exit 1"]


def test_a_module_that_must_not_run(lines: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """What passes keys by the daemon is named, and where to take it out."""
    monkeypatch.setattr(check_asterisk, "HARMFUL", {"bridge_simple": "take it out"})
    assert wrong(lines()) == ["ARI: bridge_simple.so runs; take it out"]


def test_everything_away(lines: Check) -> None:
    """With nobody listening anywhere each part says where it looked; no password is printed."""
    port = free_port()
    found = wrong(
        lines(
            ARI__URL=f"http://127.0.0.1:{port}",
            AMI__PORT=port,
            SMTP__PORT=port,
            DATABASE__DSN=f"postgresql://u:hunter22@127.0.0.1:{port}/d",
        )
    )
    assert [line.split(":")[0] for line in found] == ["ARI", "AMI", "database", "mail"]
    assert all(str(port) in line for line in found if not line.startswith("database"))
    assert "hunter22" not in "".join(found)


def test_old_schema_and_unknown_endpoint(
    run: Vorzimmer, lines: Check, sandbox: Sandbox, empty_dsn: str, tmp_path: Path
) -> None:
    """A database without schema says to migrate; a group's or agent's endpoint that Asterisk lacks is named."""
    assert "database: the database is older than this vorzimmer; run `vorzimmer migrate`" in wrong(
        lines(DATABASE__DSN=empty_dsn)
    )
    file = tmp_path / "book.toml"
    file.write_text(BOOK)
    run("--config", sandbox.settings_toml, "migrate")
    run("--config", sandbox.settings_toml, "import", file)
    assert wrong(lines(DATABASE__DSN=empty_dsn)) == [
        (
            "AMI: an agent names the endpoint 'anna', which Asterisk does not have;"
            " see `vorzimmer phone list`, then `vorzimmer phone apply`"
        ),
        "AMI: a group names the endpoint 'nobody', which Asterisk does not have; add it to pjsip.conf",
    ]


def test_open_settings_file(tmp_path: Path, run: Vorzimmer, sandbox: Sandbox) -> None:
    """A file with passwords that everybody may read is a finding."""
    file = tmp_path / "vorzimmer.toml"
    file.write_text(sandbox.settings_toml.read_text())
    file.chmod(0o644)
    assert f"everybody may read it; chmod o= {file}" in run("--config", file, "check").output


@pytest.mark.parametrize(
    ("version", "findings"),
    [
        ("22.10.1+dfsg-1", 0),
        ("22.11.0", 0),
        ("23.0.0-rc1", 0),
        ("22.9.4", 1),
        ("18.10.0~dfsg", 1),
        ("GIT-master", 1),
    ],
)
def test_versions(version: str, findings: int) -> None:
    """22.10.1 and later pass; earlier ones and what cannot be read do not."""
    assert len(list(check_asterisk._version(version))) == findings


def test_folder_closed_to_asterisk(tmp_path: Path) -> None:
    """A folder, or one above it, that Asterisk's user may not enter is named; an unknown user is no finding."""
    nobody = pwd.getpwnam("nobody")
    assert nobody.pw_uid != os.getuid()
    folder = tmp_path / "library"
    folder.mkdir()
    for part in (folder, *folder.parents[:-1]):
        if part.stat().st_uid == os.getuid():
            part.chmod(part.stat().st_mode | 0o055)
    assert check_house._closed(folder, "nobody", check_house.READ) is None
    assert f"cannot write in {folder}: {folder} is" in str(check_house._closed(folder, "nobody", check_house.WRITE))
    tmp_path.chmod(0o700)
    assert f"cannot read {folder}: {tmp_path} is" in str(check_house._closed(folder, "nobody", check_house.READ))
    assert check_house._closed(folder, "no-such-user", check_house.READ) is None

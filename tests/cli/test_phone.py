"""`vorzimmer agent` and `vorzimmer phone`, with a real Asterisk."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest
from click.testing import Result

from tests.asterisk.registration import PATIENCE, Registering, Registration
from tests.cli.conftest import Vorzimmer
from vorzimmer.sandbox.ports import free
from vorzimmer.sandbox.sandbox import Sandbox

BOOK = """
[[agent]]
id = "anna"
name = "Anna Ångström"
extension = "121"
teams = ["law"]
pledged_on = 2026-01-15
phones = [
    "anna-udp",
    { endpoint = "anna-tcp", transport = "tcp" },
    { endpoint = "anna-tls", transport = "tls" },
    { endpoint = "anna-web", transport = "webrtc" },
]

[[agent]]
id = "ben"
name = "Ben"
phones = ["ben", "agent1"]

[[client]]
id = "mueller"
name = "Kanzlei Müller"
hours = "always"
dids = ["089 123456"]
team = "law"
secrecy = true
open.chain = [{ to = "machine" }]
"""
ANNAS = ("anna-udp", "anna-tcp", "anna-tls", "anna-web")


@pytest.fixture
def house(run: Vorzimmer, sandbox: Sandbox, dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Vorzimmer:
    """Commands on the sandbox's Asterisk with a database of the test's own that holds the book."""
    monkeypatch.setenv("VORZIMMER_DATABASE__DSN", dsn)
    monkeypatch.setenv("VORZIMMER_PATHS__LIBRARY", str(tmp_path / "library"))

    def command(*arguments: object) -> Result:
        result: Result = run("--config", sandbox.settings_toml, *arguments)
        assert "Traceback" not in result.output
        return result

    (tmp_path / "book.toml").write_text(BOOK)
    assert command("import", tmp_path / "book.toml").exit_code == 0
    return command


@pytest.fixture
def change(house: Vorzimmer, tmp_path: Path) -> Callable[[str, str], None]:
    """Import the book again with one text in place of another; what it does not hold any more is removed."""

    def again(old: str, new: str) -> None:
        assert old in BOOK
        (tmp_path / "book.toml").write_text(BOOK.replace(old, new))
        assert house("import", "--prune", tmp_path / "book.toml").exit_code == 0

    return again


@pytest.fixture
def phones(sandbox: Sandbox) -> Iterator[Path]:
    """The file of telephones; gone at the end of the test, and so are they."""
    file = sandbox.folder / "asterisk" / "etc" / "vorzimmer.d" / "phones.conf"
    yield file
    file.unlink(missing_ok=True)
    asyncio.run(sandbox.cli("module reload res_pjsip.so"))


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate for localhost, set in the settings with its key."""
    file, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(file)]
    subprocess.run([*request.split(), *names], check=True, capture_output=True)
    monkeypatch.setenv("VORZIMMER_PHONES__CERTIFICATE", str(file))
    monkeypatch.setenv("VORZIMMER_PHONES__KEY", str(key))
    return file


def passwords(house: Vorzimmer, *endpoints: str) -> list[str]:
    """A new password for each of them."""
    return [house("phone", "password", endpoint).stdout.strip() for endpoint in endpoints]


def register(port: int, endpoint: str, password: str, transport: str = "UDP", ca: Path | None = None) -> str:
    """Register for a minute; the status line."""
    with closing(Registration(port, endpoint, password, endpoint, transport=transport, ca=ca)) as phone:
        return phone.register(60)


async def register_browser(sandbox: Sandbox, endpoint: str, password: str) -> str:
    """Register over a WebSocket (RFC 7118), as a browser does; the status line."""
    texts = Registering(endpoint, password, f"sip:{endpoint}@browser.invalid;transport=ws", "WS browser.invalid")
    patience = aiohttp.ClientTimeout(total=PATIENCE)
    hasty = aiohttp.ClientWSTimeout(ws_close=0.1)  # Asterisk leaves the closing unanswered
    async with (
        aiohttp.ClientSession(timeout=patience) as session,
        session.ws_connect(f"{sandbox.ari_url}/ws", protocols=("sip",), timeout=hasty) as socket,
    ):
        await socket.send_str(texts.request(60))
        challenge = (await socket.receive()).data
        await socket.send_str(texts.request(60, challenge))
        while not (answer := str((await socket.receive()).data)).startswith("SIP/2.0"):
            pass
    return answer.partition("\r\n")[0]


def test_every_kind_of_telephone_registers_with_its_password(
    house: Vorzimmer, sandbox: Sandbox, phones: Path, certificate: Path
) -> None:
    """After `apply` telephones by UDP, TCP and TLS and browsers get in, each with its own password and no other."""
    udp, tcp, tls, _ = passwords(house, *ANNAS)
    applied = house("phone", "apply")
    assert applied.exit_code == 0, applied.output
    assert applied.stdout == f"Asterisk has 4 telephones of {phones}\n"
    assert applied.stderr == "ben has no password and is left out: vorzimmer phone password ben\n"
    assert register(sandbox.sip_port, "anna-udp", udp) == "SIP/2.0 200 OK"
    assert register(sandbox.sip_port, "anna-udp", tcp) == "SIP/2.0 401 Unauthorized"
    assert register(sandbox.sip_port, "anna-tcp", tcp, "TCP") == "SIP/2.0 200 OK"
    assert register(sandbox.sip_tls_port, "anna-tls", tls, "TLS", certificate) == "SIP/2.0 200 OK"


@pytest.mark.usefixtures("phones")
async def test_a_browser_registers(house: Vorzimmer, sandbox: Sandbox) -> None:
    """A browser's telephone gets in over Asterisk's web server, at `/ws`."""
    browser = await asyncio.to_thread(passwords, house, "anna-web")
    assert (await asyncio.to_thread(house, "phone", "apply")).exit_code == 0
    assert await register_browser(sandbox, "anna-web", *browser) == "SIP/2.0 200 OK"
    assert await register_browser(sandbox, "anna-web", "guessed") == "SIP/2.0 401 Unauthorized"


def test_a_new_password_ends_the_old_one(house: Vorzimmer, sandbox: Sandbox, phones: Path) -> None:
    """A password is printed once and kept nowhere but as a digest; a second one counts instead, once it is applied."""
    (old,) = passwords(house, "anna-udp")
    house("phone", "apply")
    (new,) = passwords(house, "anna-udp")
    assert len({old, new}) == 2
    assert register(sandbox.sip_port, "anna-udp", old) == "SIP/2.0 200 OK"
    assert house("phone", "apply").exit_code == 0
    assert register(sandbox.sip_port, "anna-udp", old) == "SIP/2.0 401 Unauthorized"
    assert register(sandbox.sip_port, "anna-udp", new) == "SIP/2.0 200 OK"
    assert new not in phones.read_text()
    assert phones.stat().st_mode & 0o777 == 0o640
    refused = house("phone", "password", "moon")
    assert (refused.exit_code, refused.stdout) == (1, "")


def test_a_telephone_that_was_taken_away_is_out(
    house: Vorzimmer, sandbox: Sandbox, phones: Path, change: Callable[[str, str], None]
) -> None:
    """Who left the house cannot register any more; Asterisk is asked whether that is so.

    From here, the trunk's address, an unknown name is not asked for a password.
    """
    (password,) = passwords(house, "ben")
    house("phone", "apply")
    change('phones = ["ben", "agent1"]', 'phones = ["agent1"]')
    assert house("phone", "apply").stdout == f"Asterisk has 0 telephones of {phones}\n"
    assert register(sandbox.sip_port, "ben", password) == "SIP/2.0 404 Not Found"


def test_telephones_written_by_hand_stay(house: Vorzimmer, phones: Path) -> None:
    """A name that Asterisk has from another file is refused before it is written twice, which would stop all of SIP."""
    passwords(house, "anna-udp")
    assert house("phone", "apply").exit_code == 0
    before = phones.read_text()
    passwords(house, "agent1")
    refused = house("phone", "apply")
    assert refused.exit_code == 1
    assert refused.stderr == (
        "agent1: Asterisk has this name from another file;"
        " delete the section there, or take the telephone from the agent\nnothing was changed\n"
    )
    assert phones.read_text() == before
    states = {
        one["endpoint"]: one["state"] for one in map(json.loads, house("phone", "list", "--json").stdout.splitlines())
    }
    assert states["agent1"] == "there"
    assert states["anna-udp"] == "away"
    assert states["ben"] == "not in Asterisk"


def test_a_lost_file_is_written_again(house: Vorzimmer, phones: Path) -> None:
    """What Asterisk remembers of a file that was deleted does not pass for telephones written by hand."""
    passwords(house, "anna-udp")
    house("phone", "apply")
    before = phones.read_text()
    phones.unlink()
    assert house("phone", "apply").exit_code == 0
    assert phones.read_text() == before


def test_nobody_takes_the_trunks_name(house: Vorzimmer, phones: Path, change: Callable[[str, str], None]) -> None:
    """An agent's telephone called like the trunk would be where the house's calls go out."""
    change('"ben", "agent1"', '"trunk"')
    passwords(house, "trunk")
    assert "trunk: Asterisk has this name from another file" in house("phone", "apply").stderr
    assert not phones.exists()


@pytest.mark.parametrize(
    ("certificate", "sentence"),
    [
        ("", "a telephone uses TLS: set phones.certificate and phones.key"),
        ("/nowhere.pem", "phones.certificate and phones.key cannot be used: [Errno 2] No such file or directory"),
        (__file__, "phones.certificate and phones.key cannot be used: "),
    ],
)
def test_tls_needs_a_certificate(
    house: Vorzimmer, phones: Path, monkeypatch: pytest.MonkeyPatch, certificate: str, sentence: str
) -> None:
    """Without one that can be used Asterisk would take no telephone by TLS, and say so in its log only."""
    if certificate:
        monkeypatch.setenv("VORZIMMER_PHONES__CERTIFICATE", certificate)
        monkeypatch.setenv("VORZIMMER_PHONES__KEY", certificate)
    passwords(house, "anna-tls")
    refused = house("phone", "apply")
    assert refused.exit_code == 1
    assert sentence in refused.stderr
    assert refused.stderr.endswith("nothing was changed\n")
    assert not phones.exists()


def test_what_asterisk_does_not_take_is_named(
    house: Vorzimmer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that no pjsip.conf includes is no success: every telephone that is missing is a line."""
    monkeypatch.setattr("vorzimmer.asterisk.phones._TRIES", 1)
    monkeypatch.setenv("VORZIMMER_PHONES__FILE", str(tmp_path / "phones.conf"))
    passwords(house, "anna-udp", "anna-tcp")
    refused = house("phone", "apply")
    assert refused.exit_code == 1
    assert (
        "Asterisk does not have the telephone anna-tcp\nAsterisk does not have the telephone anna-udp\n"
        in refused.stderr
    )
    assert "Asterisk does not take telephones by TCP at 127.0.0.1:" in refused.stderr
    assert "pjsip.conf must include vorzimmer.d/phones.conf" in refused.stderr


def test_without_asterisk(house: Vorzimmer, phones: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list says what the database knows; nothing is written that Asterisk was not asked about."""
    monkeypatch.setenv("VORZIMMER_ARI__URL", f"http://127.0.0.1:{free()}")
    passwords(house, "ben")
    listed = house("phone", "list")
    assert "Asterisk cannot be asked" in listed.stderr
    assert [line.split()[-1] for line in listed.stdout.splitlines()[1:]] == ["unknown"] * 6
    refused = house("phone", "apply")
    assert refused.exit_code == 1
    assert "Asterisk did not answer at ari.url http://127.0.0.1:" in refused.stderr
    assert not phones.exists()


def test_a_folder_that_cannot_be_written_is_told(house: Vorzimmer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the file."""
    monkeypatch.setenv("VORZIMMER_PHONES__FILE", "/proc/phones.conf")
    passwords(house, "ben")
    assert house("phone", "apply").stderr.startswith("/proc/phones.conf: cannot be written: ")


def test_agents_are_listed_and_shown(house: Vorzimmer, tmp_path: Path) -> None:
    """`show` prints what `import` takes, and for whom the agent may answer today."""
    head, anna, ben = house("agent", "list").stdout.splitlines()
    assert head.split() == ["id", "name", "extension", "teams", "skills", "languages", "telephones", "pledged", "on"]
    assert anna.split()[:5] == ["anna", "Anna", "Ångström", "121", "law"]
    assert "ben, agent1" in ben
    shown = house("agent", "show", "anna").stdout
    assert shown.endswith("# may answer today for 1 of 1 clients: mueller\n")
    (tmp_path / "anna.toml").write_text(shown)
    assert house("import", tmp_path / "anna.toml").stdout.endswith("agents: 1 unchanged\n")
    assert json.loads(house("agent", "show", "ben", "--json").stdout)["serves"] == []
    assert [json.loads(line)["id"] for line in house("agent", "list", "--json").stdout.splitlines()] == ["anna", "ben"]
    nobody = house("agent", "show", "carol")
    assert (nobody.exit_code, nobody.stdout) == (1, "")

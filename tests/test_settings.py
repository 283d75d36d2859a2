"""Settings: three sources, one frozen object, and errors that say where and what without giving secrets away."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from vorzimmer import settings

MINIMAL = """
[ari]
password = "from-file"
[ami]
password = "ami-secret"
[database]
dsn = "postgresql://vorzimmer:pass%40word@127.0.0.1/vorzimmer"
"""


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine that runs the tests reaches them."""
    for name in list(os.environ):
        if name.startswith("VORZIMMER_") or name == "CREDENTIALS_DIRECTORY":
            monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with the least that is needed."""
    path = tmp_path / "vorzimmer.toml"
    path.write_text(MINIMAL)
    return path


def wrong(file: Path) -> list[str]:
    """The lines that a wrong file causes."""
    with pytest.raises(ValidationError) as caught:
        settings.load(file)
    return list(settings.problems(caught.value, file))


def test_file_alone_is_enough(file: Path) -> None:
    """The three secrets suffice; all else has a default."""
    loaded = settings.load(file)
    assert loaded.ari.password.get_secret_value() == "from-file"
    assert loaded.ami.port == 5038
    assert loaded.house.timezone == "Europe/Berlin"


def test_environment_over_credentials_over_file(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The strongest source wins key by key; the others still fill what it leaves out."""
    (tmp_path / "ari.password").write_text("from-credential\n")
    (tmp_path / "ari.user").write_text("credential-user\n")
    (tmp_path / "unrelated").write_text("x")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("VORZIMMER_ARI__PASSWORD", "from-environment")
    loaded = settings.load(file)
    assert loaded.ari.password.get_secret_value() == "from-environment"
    assert loaded.ari.user == "credential-user"
    assert loaded.ami.password.get_secret_value() == "ami-secret"


def test_file_named_by_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`VORZIMMER_CONFIG` names the file, is no setting itself, and must name one that exists."""
    monkeypatch.setenv("VORZIMMER_CONFIG", str(file))
    assert settings.load().ari.password.get_secret_value() == "from-file"
    monkeypatch.setenv("VORZIMMER_CONFIG", "/nowhere.toml")
    with pytest.raises(FileNotFoundError, match=r"no settings file at /nowhere\.toml"):
        settings.load()


def test_settings_are_frozen(file: Path) -> None:
    """Nothing changes a setting after the start, so every part sees the same."""
    loaded = settings.load(file)
    with pytest.raises(ValidationError):
        loaded.ari.user = "other"  # type: ignore[misc]  # the point of the test


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[ari]\npassword = 1\n", "ari.password: Input should be a valid string"),
        ("[house]\nregion = 'Germany'\n", "house.region: String should match pattern '^[A-Z]{2}$'"),
        ("[house]\ntimezone = 'Mars'\n", "house.timezone: unknown time zone 'Mars'; use a name of the IANA list"),
        ("[database]\ndsn = 'host=db password=hunter22'\n", "database.dsn: write it as postgresql://user"),
        ("[ami]\npasword = 'hunter22'\n", "ami.pasword: unknown key; allowed: host, password, port, user"),
        ("[amy]\nx = 1\n", "amy: unknown key; allowed: agi, alarm, ami, announcements, ari, billing, database"),
        ("[smtp]\ntls = 'ssl'\n", "smtp.tls: Input should be 'none', 'starttls' or 'tls'"),
        ("[trunk]\nendpoint = 'a/b'\n", "trunk.endpoint: String should match pattern"),
    ],
)
def test_wrong_key_is_named(tmp_path: Path, text: str, line: str) -> None:
    """Each wrong key is one line with file, key and what is allowed, and without the value of a secret."""
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    lines = wrong(path)
    assert any(found.startswith(f"{path}: {line}") for found in lines)
    assert "hunter22" not in "".join(lines)
    with pytest.raises(ValidationError) as caught:
        settings.load(path)
    assert "hunter22" not in str(caught.value)


def test_the_path_of_a_socket_is_short(file: Path) -> None:
    """What the kernel would refuse at the daemon's start is told beforehand, with the limit; 107 bytes still go."""
    longest = "/" + "x" * 106
    file.write_text(MINIMAL + f'[paths]\ncontrol = "{longest}"\n')
    assert str(settings.load(file).paths.control) == longest
    file.write_text(MINIMAL + f'[paths]\ncontrol = "{longest[:-1]}ü"\n')
    assert wrong(file) == [
        f"{file}: paths.control: a socket's path has at most 107 bytes; choose a shorter folder",
    ]


def test_missing_key_says_where_it_may_stand(tmp_path: Path) -> None:
    """A missing secret names the three places where it is looked for."""
    path = tmp_path / "empty.toml"
    path.write_text("[ari]\n")
    assert wrong(path) == [
        f"{path}: ari.password: is missing; set it there, in VORZIMMER_ARI__PASSWORD, or as credential ari.password",
        f"{path}: ami: the section is missing",
        f"{path}: database: the section is missing",
    ]


def test_wrong_value_names_its_true_source(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong value from the environment or a credential is not blamed on the file."""
    monkeypatch.setenv("VORZIMMER_AMI__PORT", "many")
    assert wrong(file)[0].startswith("environment VORZIMMER_AMI__PORT: ami.port: Input should be a valid integer")
    monkeypatch.delenv("VORZIMMER_AMI__PORT")
    (tmp_path / "ami.port").write_text("99999")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert wrong(file) == [f"{tmp_path}/ami.port: ami.port: Input should be less than or equal to 65535"]


def test_broken_toml_is_no_traceback_of_pydantic(tmp_path: Path) -> None:
    """A syntax error comes as what it is, for the command line to put in words."""
    path = tmp_path / "broken.toml"
    path.write_text("[ari\n")
    with pytest.raises(tomllib.TOMLDecodeError):
        settings.load(path)


def test_secrets_show_nowhere(file: Path) -> None:
    """Printing settings shows no secret; `secrets` lists all of them, the URL's password decoded too."""
    loaded = settings.load(file)
    assert "from-file" not in repr(loaded)
    assert "pass%40word" not in repr(loaded)
    assert loaded.secrets() >= {"from-file", "ami-secret", "pass%40word", "pass@word"}


def test_a_watchdog_has_a_number_to_ring_from(file: Path) -> None:
    """Without one nothing that comes back could be told from a caller; it may be written as people write it."""
    file.write_text(f"{MINIMAL}\n[watchdog]\nenabled = true\n")
    assert wrong(file) == [f"{file}: watchdog: the watchdog needs a number of yours to ring from: set watchdog.caller"]
    file.write_text(f'{MINIMAL}\n[watchdog]\nenabled = true\ncaller = "089 900001"\n')
    assert settings.load(file).watchdog.caller == "+4989900001"

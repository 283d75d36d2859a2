"""`vorzimmer check` about alarms."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import SETTINGS
from vorzimmer.cli.check_alarm import people
from vorzimmer.settings import Settings, load

# apprise imports a module that Python is going to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def settings(folder: Path, more: str) -> Settings:
    """Settings with these lines besides."""
    file = folder / "vorzimmer.toml"
    file.write_text(SETTINGS.format(dsn="postgresql://x", folder=folder) + more)
    return load(file)


def test_a_house_that_tells_nobody_is_told(tmp_path: Path) -> None:
    """Not one that only its own machine uses."""
    assert people(settings(tmp_path, "")).findings == ()
    (finding,) = people(settings(tmp_path, '[web]\nbase_url = "https://pages.example"\n')).findings
    assert "alarm.to" in finding


def test_an_address_of_no_service_is_told_without_its_password(tmp_path: Path) -> None:
    """The others are only named."""
    report = people(settings(tmp_path, '[alarm]\nurls = ["json://127.0.0.1/tok3n", "slakc://tok3n"]\n'))
    assert report.findings[0].startswith("alarm.urls: slakc (2): ")
    assert "tok3n" not in str(report)
    assert report.good == "goes to json (1), slakc (2)"


def test_addresses_may_come_as_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line each; every one of them is a secret that no log shows."""
    (tmp_path / "credentials").mkdir()
    urls = ["json://127.0.0.1/tok3n", "json://127.0.0.1/other"]
    (tmp_path / "credentials" / "alarm.urls").write_text("\n".join([*urls, ""]))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    found = settings(tmp_path, "")
    assert found.alarm.chats == tuple(urls)
    assert set(urls) <= found.secrets()
    assert "tok3n" not in repr(found)
    monkeypatch.setenv("VORZIMMER_ALARM__URLS", '["json://127.0.0.1/third"]')
    assert settings(tmp_path, "").alarm.chats == ("json://127.0.0.1/third",)

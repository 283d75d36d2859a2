"""One TOML file, the environment and systemd credentials become one frozen `Settings`.

The sole reader of the environment (but for systemd's own variables in `systemd`). Order, strongest first:
environment (`VORZIMMER_SECTION__KEY`), systemd credentials (`$CREDENTIALS_DIRECTORY/section.key`), the TOML file. The
file is the one named by `--config` or `VORZIMMER_CONFIG`, else `/etc/vorzimmer/vorzimmer.toml`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from vorzimmer.settings_billing import Billing
from vorzimmer.settings_privacy import Privacy
from vorzimmer.settings_sections import (
    Agi,
    Ami,
    Announcements,
    Ari,
    Database,
    Fax,
    Gate,
    House,
    Notify,
    Pace,
    Paths,
    Phones,
    Recorder,
    Replies,
    Section,
    Service,
    Setup,
    Smtp,
    Trunk,
    Watch,
    Watchdog,
    Web,
)
from vorzimmer.settings_sms import Sms
from vorzimmer.settings_telling import Alarm, Webhook

DEFAULT_FILE = Path("/etc/vorzimmer/vorzimmer.toml")
PREFIX = "VORZIMMER_"


class Settings(BaseSettings):
    """All settings of the daemon and the commands."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, env_prefix=PREFIX, env_nested_delimiter="__"
    )

    house: House = House()
    ari: Ari
    ami: Ami
    agi: Agi = Agi()
    service: Service = Service()
    recorder: Recorder = Recorder()
    database: Database
    smtp: Smtp = Smtp()
    notify: Notify = Notify()
    replies: Replies = Replies()
    paths: Paths = Paths()
    trunk: Trunk = Trunk()
    phones: Phones = Phones()
    fax: Fax = Fax()
    gate: Gate = Gate()
    watch: Watch = Watch()
    web: Web = Web()
    alarm: Alarm = Alarm()
    watchdog: Watchdog = Watchdog()
    setup: Setup = Setup()
    privacy: Privacy = Privacy()
    announcements: Announcements = Announcements()
    pace: Pace = Pace()
    webhook: Webhook = Webhook()
    sms: Sms = Sms()
    billing: Billing = Billing()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - replaced by Credentials
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over credentials over file."""
        file = init_settings().get("config_file")
        return (env_settings, Credentials(settings_cls), TomlConfigSettingsSource(settings_cls, toml_file=file))

    def secrets(self) -> frozenset[str]:
        """Every secret value, and the password inside the database's URL: what must appear nowhere."""
        found = {secret.get_secret_value() for secret in _secrets(self)}
        password = urlsplit(self.database.dsn.get_secret_value()).password
        return frozenset(found | ({password, unquote(password)} if password else set()))


class Credentials(PydanticBaseSettingsSource):
    """Files `section.key` of systemd's credential directory."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - its signature
        """Not used: `__call__` reads whole sections."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Read every file whose name is `section.key`."""
        folder = credentials_folder()
        found: dict[str, Any] = {}
        if folder is None:
            return found
        for file in folder.iterdir():
            section, _, key = file.name.partition(".")
            if key and section in self.settings_cls.model_fields:
                found.setdefault(section, {})[key] = file.read_text().rstrip("\n")
        return found


def _secrets(model: BaseModel) -> Iterator[SecretStr]:
    for _, value in model:
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, SecretStr):
                yield one
            elif isinstance(one, BaseModel):
                yield from _secrets(one)


def credentials_folder() -> Path | None:
    """The directory in which systemd puts this process's credentials, if there is one."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(folder) if folder is not None and Path(folder).is_dir() else None


def chosen_file(named: Path | None) -> Path:
    """The file that `load(named)` reads."""
    return named or Path(os.environ.get(f"{PREFIX}CONFIG", DEFAULT_FILE))


def load(named: Path | None = None) -> Settings:
    """Read the settings. Without the default file, environment and credentials must hold all that is needed.

    Raises:
        pydantic.ValidationError: a key is missing, unknown or wrong; `problems` puts it in words.
        pydantic_settings.SettingsError: the environment holds a section that is no JSON.
        tomllib.TOMLDecodeError: the file is no TOML.
        OSError: the named file does not exist, or a file cannot be read.
    """
    file = chosen_file(named)
    if file != DEFAULT_FILE and not file.is_file():
        raise FileNotFoundError(f"no settings file at {file}")
    return Settings(config_file=file)  # type: ignore[call-arg]  # read by settings_customise_sources


def problems(error: ValidationError, named: Path | None = None) -> Iterator[str]:
    """One line for each wrong key, "SOURCE: section.key: what is wrong", never with the value."""
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        keys = [str(key) for key in detail["loc"]]
        source, key = _source(keys, chosen_file(named)), ".".join(keys)
        match detail["type"]:
            case "missing" if len(keys) > 1:
                yield f"{source}: {key}: is missing; set it there, in {_variable(keys)}, or as credential {key}"
            case "missing":
                yield f"{source}: {key}: the section is missing"
            case "extra_forbidden":
                yield f"{source}: {key}: unknown key; allowed: {', '.join(_allowed(keys))}"
            case _:
                yield f"{source}: {key}: {detail['msg'].removeprefix('Value error, ')}"


def _variable(keys: list[str]) -> str:
    return PREFIX + "__".join(keys[:2]).upper()


def _source(keys: list[str], file: Path) -> str:
    """Where the value of this key came from: the strongest source that has it."""
    names = {name.upper() for name in os.environ}
    for depth in (2, 1):
        if _variable(keys[:depth]) in names:
            return f"environment {_variable(keys[:depth])}"
    credential = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent")) / ".".join(keys[:2])
    return str(credential if credential.is_file() else file)


def _allowed(keys: list[str]) -> list[str]:
    fields = Settings.model_fields
    if len(keys) > 1:
        section = fields[keys[0]].annotation
        assert isinstance(section, type)  # noqa: S101 - every field of Settings is a section
        assert issubclass(section, Section)  # noqa: S101 - the same
        fields = section.model_fields
    return sorted(fields)

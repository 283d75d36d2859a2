"""One TOML file, the environment and systemd credentials become one frozen `Settings`.

The sole reader of the environment. Order, strongest first: environment (`VORZIMMER_SECTION__KEY`), systemd
credentials (`$CREDENTIALS_DIRECTORY/section.key`), the TOML file. The file is the one named by
`--config` or `VORZIMMER_CONFIG`, else `/etc/vorzimmer/vorzimmer.toml`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings.sources import EnvSettingsSource

DEFAULT_FILE = Path("/etc/vorzimmer/vorzimmer.toml")


class Section(BaseModel):
    """A table of the file: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class House(Section):
    """The operator. `region` (ISO 3166) reads national number forms; `timezone` counts the days of caps."""

    name: str = "Vorzimmer"
    region: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "DE"
    timezone: str = "Europe/Berlin"


class Ari(Section):
    """Asterisk's HTTP server and the ARI user (ari.conf)."""

    url: str = "http://127.0.0.1:8088"
    user: str = "vorzimmer"
    password: SecretStr
    app: str = "vorzimmer"


class Ami(Section):
    """Asterisk's manager interface; the user reads the class `system` only (manager.conf)."""

    host: str = "127.0.0.1"
    port: int = 5038
    user: str = "vorzimmer"
    password: SecretStr


class Database(Section):
    """PostgreSQL, as a libpq URL; it may hold the password."""

    dsn: SecretStr


class Smtp(Section):
    """The mail server that takes our mail. `tls`: none, STARTTLS, or TLS from the first byte; checked always."""

    host: str = "127.0.0.1"
    port: int = 25
    user: str | None = None
    password: SecretStr | None = None
    tls: Literal["none", "starttls", "tls"] = "none"
    ca_file: Path | None = None
    sender: str = "vorzimmer@localhost"
    timeout: float = 20.0


class Paths(Section):
    """Folders. `fallback`, `library` and `spool` must be readable by Asterisk under the same path.

    `spool` is Asterisk's own recording folder (astspooldir/recording); `fallback` holds what the dialplan needs
    when the daemon is away.
    """

    state: Path = Path("/var/lib/vorzimmer")
    library: Path = Path("/var/lib/vorzimmer/library")
    fallback: Path = Path("/var/lib/vorzimmer/fallback")
    recordings: Path = Path("/var/lib/vorzimmer/recordings")
    spool: Path = Path("/var/spool/asterisk/recording")


class Trunk(Section):
    """The PJSIP endpoint that leads outside, and the number shown there.

    `show`: the client's DID, or the caller's number with a Diversion header where the carrier allows it.
    """

    endpoint: str = "trunk"
    show: Literal["did", "caller"] = "did"


class Gate(Section):
    """The house's limits on trunk legs (see `core.dialing`); a client may have its own."""

    countries: tuple[str, ...] = ("DE", "AT", "CH", "FR", "PL", "DK", "NL", "BE", "LU", "CZ")
    parallel: int = 10
    per_day: int = 200


class Settings(BaseSettings):
    """All settings of the daemon and the commands."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix="VORZIMMER_", env_nested_delimiter="__")

    house: House = House()
    ari: Ari
    ami: Ami
    database: Database
    smtp: Smtp = Smtp()
    paths: Paths = Paths()
    trunk: Trunk = Trunk()
    gate: Gate = Gate()

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
        return (
            _without_config(settings_cls, env_settings),
            Credentials(settings_cls),
            TomlConfigSettingsSource(settings_cls, toml_file=file),
        )


class Credentials(PydanticBaseSettingsSource):
    """Files `section.key` of systemd's credential directory."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Not used: `__call__` reads whole sections."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Read every file whose name is `section.key`."""
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        found: dict[str, Any] = {}
        if folder is None or not Path(folder).is_dir():
            return found
        for file in Path(folder).iterdir():
            section, _, key = file.name.partition(".")
            if key and section in self.settings_cls.model_fields:
                found.setdefault(section, {})[key] = file.read_text().rstrip("\n")
        return found


def _without_config(settings_cls: type[BaseSettings], source: PydanticBaseSettingsSource) -> PydanticBaseSettingsSource:
    """The environment as a source; `VORZIMMER_CONFIG` names the file and is no setting."""
    assert isinstance(source, EnvSettingsSource)  # noqa: S101 - pydantic-settings passes this type
    return EnvSettingsSource(settings_cls, env_prefix="VORZIMMER_", env_nested_delimiter="__")


def load(file: Path | None = None) -> Settings:
    """Read the settings.

    Raises:
        pydantic.ValidationError: a key is missing, unknown or wrong.
        FileNotFoundError: the named file does not exist.
    """
    chosen = file or Path(os.environ.get("VORZIMMER_CONFIG", DEFAULT_FILE))
    if file is not None and not file.is_file():
        raise FileNotFoundError(f"no settings file at {file}")
    return Settings(config_file=chosen)  # type: ignore[call-arg]  # read by settings_customise_sources

"""One TOML file, the environment and systemd credentials become one frozen `Settings`.

The sole reader of the environment (but for systemd's own variables in `systemd`). Order, strongest first:
environment (`VORZIMMER_SECTION__KEY`), systemd credentials (`$CREDENTIALS_DIRECTORY/section.key`), the TOML file. The
file is the one named by `--config` or `VORZIMMER_CONFIG`, else `/etc/vorzimmer/vorzimmer.toml`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, IPvAnyAddress, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from vorzimmer.core.model import Endpoint, TimeZone

DEFAULT_FILE = Path("/etc/vorzimmer/vorzimmer.toml")
PREFIX = "VORZIMMER_"

LONGEST_SOCKET_PATH = 107
"""Bytes of a Unix socket's path that Linux takes (unix(7): 108 with the final NUL)."""

Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Listening = Annotated[str, Field(pattern=r"^([0-9.]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}$")]
"""An address and a port: `0.0.0.0:5060`, `[::]:5060`."""


def _postgres_url(value: SecretStr) -> SecretStr:
    try:
        scheme = urlsplit(value.get_secret_value()).scheme
    except ValueError:
        scheme = ""
    if scheme not in ("postgresql", "postgres"):
        raise ValueError("write it as postgresql://user:password@host:port/database")
    return value


class Section(BaseModel):
    """A table of the file: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class House(Section):
    """The operator. `region` (ISO 3166) reads national number forms; `timezone` counts the days of caps."""

    name: str = "Vorzimmer"
    region: Country = "DE"
    timezone: TimeZone = "Europe/Berlin"


class Ari(Section):
    """Asterisk's HTTP server and the ARI user (ari.conf)."""

    url: Annotated[str, Field(pattern="^https?://[^/]+")] = "http://127.0.0.1:8088"
    user: str = "vorzimmer"
    password: SecretStr
    app: str = "vorzimmer"


class Ami(Section):
    """Asterisk's manager interface; the user reads the class `system` only (manager.conf)."""

    host: str = "127.0.0.1"
    port: Port = 5038
    user: str = "vorzimmer"
    password: SecretStr


class Agi(Section):
    """Where the daemon answers the dialplan (globals.conf, VZ_AGI): a port on loopback."""

    port: Port = 4573


class Recorder(Section):
    """The user of the manager interface who records talks; without a password no talk is recorded."""

    user: str = "vorzimmer-recorder"
    password: SecretStr | None = None


class Database(Section):
    """PostgreSQL, as a libpq URL; it may hold the password."""

    dsn: Annotated[SecretStr, AfterValidator(_postgres_url)]


class Smtp(Section):
    """The mail server that takes our mail. `tls`: none, STARTTLS, or TLS from the first byte; checked always."""

    host: str = "127.0.0.1"
    port: Port = 25
    user: str | None = None
    password: SecretStr | None = None
    tls: Literal["none", "starttls", "tls"] = "none"
    ca_file: Path | None = None
    sender: str = "vorzimmer@localhost"
    timeout: Annotated[float, Field(gt=0, le=300)] = 20.0


def _socket(path: Path) -> Path:
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        raise ValueError(f"a socket's path has at most {LONGEST_SOCKET_PATH} bytes; choose a shorter folder")
    return path


class Paths(Section):
    """Folders; systemd/tmpfiles.conf makes them. Asterisk must read `fallback`, `library`, `spool` under the same path.

    `spool` is Asterisk's own recording folder (astspooldir/recording); `fallback` holds what the dialplan needs
    when the daemon is away; `cdr` is the file into which Asterisk writes its own record of each call. `control` is the
    socket at which the calls process takes commands; its folder is the unit's RuntimeDirectory.
    """

    state: Path = Path("/var/lib/vorzimmer/state")
    library: Path = Path("/var/lib/vorzimmer/library")
    fallback: Path = Path("/var/lib/vorzimmer/fallback")
    recordings: Path = Path("/var/lib/vorzimmer/recordings")
    spool: Path = Path("/var/spool/asterisk/recording")
    cdr: Path = Path("/var/log/asterisk/cdr-custom/vorzimmer.csv")
    control: Annotated[Path, AfterValidator(_socket)] = Path("/run/vorzimmer/control.sock")


class Trunk(Section):
    """The PJSIP endpoint that leads outside, and the number shown there.

    `show`: the client's DID, or the caller's number with a Diversion header where the carrier allows it.
    """

    endpoint: Endpoint = "trunk"
    show: Literal["did", "caller"] = "did"


class Phones(Section):
    """The agents' telephones (`vorzimmer phone`). `file`: what Asterisk includes; its folder says whom it belongs to.

    `tcp` and `tls`: address and port at which Asterisk takes telephones that use these; `certificate` and `key`
    (PEM): for TLS. `media_address`: the address of sound, where it is not to be asked for.
    """

    file: Path = Path("/etc/asterisk/vorzimmer.d/phones.conf")
    tcp: Listening = "0.0.0.0:5060"
    tls: Listening = "0.0.0.0:5061"
    certificate: Path | None = None
    key: Path | None = None
    media_address: IPvAnyAddress | None = None


class Gate(Section):
    """The house's limits on trunk legs (see `core.dialing`); a client may have its own."""

    countries: tuple[Country, ...] = ("DE", "AT", "CH", "FR", "PL", "DK", "NL", "BE", "LU", "CZ")
    parallel: Annotated[int, Field(ge=0)] = 10
    per_day: Annotated[int, Field(ge=0)] = 200


class Watch(Section):
    """Where each role tells how it is (`/metrics`, `/ready`): ports on loopback; 0: nowhere.

    On `web` are the pages for people too.
    """

    calls: Annotated[int, Field(ge=0, le=65535)] = 9464
    worker: Annotated[int, Field(ge=0, le=65535)] = 9465
    web: Annotated[int, Field(ge=0, le=65535)] = 9466


class Alarm(Section):
    """Whom of the operator's people to write to when something is missing or was lost; nobody: it is only logged."""

    to: tuple[EmailStr, ...] = ()


class Settings(BaseSettings):
    """All settings of the daemon and the commands."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, env_prefix=PREFIX, env_nested_delimiter="__"
    )

    house: House = House()
    ari: Ari
    ami: Ami
    agi: Agi = Agi()
    recorder: Recorder = Recorder()
    database: Database
    smtp: Smtp = Smtp()
    paths: Paths = Paths()
    trunk: Trunk = Trunk()
    phones: Phones = Phones()
    gate: Gate = Gate()
    watch: Watch = Watch()
    alarm: Alarm = Alarm()

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
        if isinstance(value, SecretStr):
            yield value
        elif isinstance(value, BaseModel):
            yield from _secrets(value)


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

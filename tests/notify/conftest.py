"""What the tests of telling share: a mail server, a channel to it, certificates."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.notify.desk import Desk, make_desk
from tests.notify.examples import NOW
from tests.notify.post_office import PostOffice
from vorzimmer.announcements.voicemail import to_mp3
from vorzimmer.notify.email import Email, Sender
from vorzimmer.notify.smtp import Server

MakeEmail = Callable[..., Email]


class Troubles(list[tuple[str, dict[str, Any]]]):
    """What was reported. Call it to report."""

    def __call__(self, event: str, /, **about: Any) -> None:
        """Keep a report."""
        self.append((event, about))

    def events(self) -> list[str]:
        """The reports' names."""
        return [event for event, _ in self]


@pytest.fixture
def troubles() -> Troubles:
    """Where trouble is reported to."""
    return Troubles()


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    """A mail server without TLS that takes everything until told otherwise."""
    async with PostOffice() as office:
        yield office


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """The folder of recordings."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


@pytest.fixture
def make_email(recordings: Path, troubles: Troubles) -> MakeEmail:
    """Make a channel to a port; further arguments are the server's, those in `sender` are the sender's."""

    def make(
        port: int,
        *,
        idle: float = 10.0,
        host: str = "127.0.0.1",
        sender: Mapping[str, Any] | None = None,
        **server: Any,
    ) -> Email:
        return Email(
            Server(host, port, **{"timeout": 5.0, **server}),
            Sender("calls@vorzimmer.example", "Büroservice Süd", "DE", **(sender or {})),
            recordings=(recordings, recordings / "spool"),
            to_mp3=to_mp3,
            clock=lambda: NOW,
            trouble=troubles,
            idle=idle,
        )

    return make


@dataclass(frozen=True)
class Certificate:
    """A certificate for `localhost`, its own authority."""

    file: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        """The server's side."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.file, self.key)
        return context


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Certificate, Certificate]:
    """Two certificates that know nothing of each other."""
    folder = tmp_path_factory.mktemp("certificates")
    made = [Certificate(folder / f"{name}.pem", folder / f"{name}.key") for name in ("own", "other")]
    for certificate in made:
        request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
        request += " -addext subjectAltName=DNS:localhost -addext keyUsage=digitalSignature,keyCertSign"
        files = ["-out", str(certificate.file), "-keyout", str(certificate.key)]
        subprocess.run([*request.split(), *files], check=True, capture_output=True)
    return made[0], made[1]


@pytest.fixture
async def conn(dsn: str) -> AsyncIterator[Any]:
    """The test's own connection."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


@pytest.fixture
def desk(dsn: str, troubles: Troubles, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Runs workers, see `make_desk`."""
    return make_desk(dsn, troubles, monkeypatch)


async def soon(event: asyncio.Event) -> None:
    """Wait for what must happen."""
    async with asyncio.timeout(20):
        await event.wait()

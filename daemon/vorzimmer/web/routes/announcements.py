"""A client's announcements: what callers hear, versions on their way to it, and those that were."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from vorzimmer.core import announcement_codes
from vorzimmer.core.announcement import Name, Sound, heard
from vorzimmer.core.client import Client, names_played
from vorzimmer.core.menu import names_in
from vorzimmer.core.plain_text import many_lines, single_line
from vorzimmer.core.price_list import Role as InCharge
from vorzimmer.store import announcements
from vorzimmer.store.announcements import Impossible, NoSuchClient, NoSuchVersion, Production, State
from vorzimmer.web import sounds
from vorzimmer.web.access import TheParts
from vorzimmer.web.client_access import ClientToChange, TheirClient, unknown_client
from vorzimmer.web.problems import Problem, told, unknown
from vorzimmer.web.sounds import Track
from vorzimmer.web.uploading import no_room, received

router = APIRouter(prefix="/api/clients/{client}/announcements", tags=["announcements"])

RATE = 16_000
"""Samples a second of what is played to wide-band telephones, and to people at these pages."""

AnnouncementName = Annotated[Name, Path(alias="name", description="of the announcement")]
VersionId = Annotated[int, Path(alias="version", ge=1, lt=1 << 63, description="of the version")]
FileName = Annotated[str, Query(min_length=1, max_length=255, description="as its maker called it; its ending counts")]

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_TAKING = told(400, 401, 403, 404, 408, 409, 413, 422, 503, 507)


class VersionShown(BaseModel):
    """One version. `peaks`: its waveform, at most 400 numbers from 0 to 1; `loudness` in LUFS.

    `warning`: what is wrong with it although it can be used. `test_code`: the digits by which it is heard at the test
    number.
    """

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    production: Production
    state: State
    file_name: str
    seconds: float | None
    loudness: float | None
    peaks: list[float]
    effective_from: datetime | None
    text: str
    voice: str
    warning: str | None
    refused_because: str | None
    test_code: str
    created_by: str
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None


class AnnouncementShown(BaseModel):
    """An announcement. `used_in`: the states of the office (`open`, `closed` …) and menus (`menu:ID`) that name it.

    `current`: the version that callers hear now; None: the file that came with the client's data (`file`), or nothing.
    `versions`: the newest first. `phone_code`: what agents key in to speak it on the telephone.
    """

    name: str
    phone_code: int | None
    used_in: list[str]
    current: int | None
    file: str | None
    versions: list[VersionShown]


class AnnouncementsShown(BaseModel):
    """All that have a meaning, are named somewhere, or have versions."""

    announcements: list[AnnouncementShown]


class Approval(BaseModel):
    """From when on callers hear it; at once if not said."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    since: Annotated[AwareDatetime | None, Field(alias="from")] = None


class Ordered(BaseModel):
    """What a professional shall speak, and in what voice."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=5000)]
    voice: Annotated[str, Field(max_length=100)] = ""


class Deleted(BaseModel):
    """It is gone."""

    id: int


@router.get("", responses=told(401, 403, 404, 422, 503))
async def all_announcements(seat: TheirClient, here: TheParts) -> AnnouncementsShown:
    """What callers of this client may hear, with all versions."""
    async with here.database.connection() as conn:
        found = await announcements.of_client(conn, seat.client.id)
    client, now = seat.client, here.clock()
    of_name: dict[str, list[announcements.Version]] = {}
    for version in found:
        of_name.setdefault(version.name, []).append(version)
    names = dict.fromkeys([*map(str, Sound), *sorted({*names_played(dict(client)), *client.announcements, *of_name})])
    return AnnouncementsShown(
        announcements=[_shown(client, name, of_name.get(name, []), now) for name in names],
    )


@router.post("/{name}/versions", status_code=202, responses=_TAKING, openapi_extra=_FILE)
async def upload(
    seat: ClientToChange,
    name: AnnouncementName,
    filename: FileName,
    request: Request,
    here: TheParts,
    production: Literal["upload", "browser"] = "upload",
) -> VersionShown:
    """A new version. It waits to be converted; then it is a draft, or refused with a reason."""
    client = seat.client.id
    async with received(request, here.uploads) as file, here.database.connection() as conn:
        with _answered():
            version = await announcements.add(
                conn, client, name, production, filename, seat.actor, file=file, uploads=here.uploads
            )
        return VersionShown.model_validate(await announcements.one(conn, client, version))


@router.post("/{name}/order", responses=told(401, 403, 404, 409, 413, 422, 503))
async def order(seat: ClientToChange, name: AnnouncementName, wanted: Ordered, here: TheParts) -> VersionShown:
    """Have a professional speak it; those in charge get a letter."""
    text, voice = many_lines(wanted.text).strip(), single_line(wanted.voice).strip()
    if not text:
        raise Problem(422, "bad_request", "text: says nothing", fields={"text": "says nothing"})
    client, house = seat.client.id, here.setting_up
    async with here.database.connection() as conn:
        with _answered():
            version = await announcements.order(
                conn,
                client,
                name,
                text,
                voice,
                seat.actor,
                studio=house.addresses(InCharge.STUDIO),
                language=house.language,
            )
        return VersionShown.model_validate(await announcements.one(conn, client, version))


@router.get("/{name}/versions/{version}", responses=told(401, 403, 404, 422, 503))
async def one_version(seat: TheirClient, name: AnnouncementName, version: VersionId, here: TheParts) -> VersionShown:
    """One version, for instance to see whether it is converted."""
    async with here.database.connection() as conn:
        return VersionShown.model_validate(await _found(conn, seat.client.id, name, version))


@router.get(
    "/{name}/versions/{version}/audio",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"audio/wav": {}}},
        206: {"content": {"audio/wav": {}}},
        **told(401, 403, 404, 416, 422, 503),
    },
)
async def audio(
    seat: TheirClient, name: AnnouncementName, version: VersionId, request: Request, here: TheParts
) -> StreamingResponse:
    """The sound as callers hear it, as wav; by parts if asked."""
    async with here.database.connection() as conn:
        found = await _found(conn, seat.client.id, name, version)
    file = here.library / found.client / f"{found.item}.sln16"
    try:
        size = (await asyncio.to_thread(file.stat)).st_size
    except OSError:
        raise unknown() from None
    sound = sounds.Sound((Track(file, 0, size),), RATE)
    return sounds.answer(sound, request.headers.get("range"), f"{name}-{version}.wav", download=False)


@router.post("/{name}/versions/{version}/approve", responses=told(401, 403, 404, 409, 413, 422, 503))
async def approve(
    seat: ClientToChange, name: AnnouncementName, version: VersionId, when: Approval, here: TheParts
) -> VersionShown:
    """Callers hear it from then on."""
    now = here.clock()
    since = (when.since or now).astimezone(UTC)
    async with here.database.connection() as conn:
        await _found(conn, seat.client.id, name, version)
        with _answered():
            done = await announcements.approve(conn, seat.client.id, version, seat.actor, since=since, now=now)
    return VersionShown.model_validate(done)


@router.post("/{name}/versions/{version}/withdraw", responses=told(401, 403, 404, 409, 422, 503))
async def withdraw(seat: ClientToChange, name: AnnouncementName, version: VersionId, here: TheParts) -> VersionShown:
    """Callers do not hear it any more, but what they heard before it."""
    async with here.database.connection() as conn:
        await _found(conn, seat.client.id, name, version)
        with _answered():
            done = await announcements.withdraw(conn, seat.client.id, version, seat.actor, now=here.clock())
    return VersionShown.model_validate(done)


@router.delete("/{name}/versions/{version}", responses=told(401, 403, 404, 409, 422, 503))
async def delete(seat: ClientToChange, name: AnnouncementName, version: VersionId, here: TheParts) -> Deleted:
    """A version that callers have never heard goes, or the order for it."""
    async with here.database.connection() as conn:
        await _found(conn, seat.client.id, name, version)
        with _answered():
            await announcements.delete(conn, seat.client.id, version, seat.actor)
    return Deleted(id=version)


@router.post("/{name}/versions/{version}/file", status_code=202, responses=_TAKING, openapi_extra=_FILE)
async def deliver(
    seat: ClientToChange,
    name: AnnouncementName,
    version: VersionId,
    filename: FileName,
    request: Request,
    here: TheParts,
) -> VersionShown:
    """The file of a version that was ordered."""
    client = seat.client.id
    async with here.database.connection() as conn:
        await _found(conn, client, name, version)
    async with received(request, here.uploads) as file, here.database.connection() as conn:
        with _answered():
            await announcements.deliver(conn, client, version, filename, seat.actor, file=file, uploads=here.uploads)
        return VersionShown.model_validate(await announcements.one(conn, client, version))


async def _found(conn: Any, client: str, name: str, version: int) -> announcements.Version:
    with _answered():
        found = await announcements.one(conn, client, version)
    if found.name != name:
        raise unknown()
    return found


@contextlib.contextmanager
def _answered() -> Iterator[None]:
    """What database and disk say no with, as an answer."""
    try:
        yield
    except NoSuchClient:
        raise unknown_client() from None
    except NoSuchVersion:
        raise unknown() from None
    except Impossible as error:
        raise Problem(409, "not_now", str(error)) from None
    except (ConnectionError, TimeoutError):  # the database's
        raise
    except OSError:
        raise no_room() from None


def _shown(client: Client, name: str, versions: list[announcements.Version], now: datetime) -> AnnouncementShown:
    current = heard(client.versions, name, now)
    approved = [one for one in versions if one.state == "approved"]
    playing = [
        one.id for one in approved if current and (one.item, one.effective_from) == (current.item, current.since)
    ]
    return AnnouncementShown(
        name=name,
        phone_code=announcement_codes.codes(client).get(name),
        used_in=used_in(client, name),
        current=max(playing, default=None),
        file=client.announcements.get(name),
        versions=[VersionShown.model_validate(version) for version in versions],
    )


def used_in(client: Client, name: str) -> list[str]:
    """The chains and menus of a client that name an announcement."""
    bare = dict.fromkeys(client.chains)
    chains = [key for key in client.chains if name in names_played({**bare, key: getattr(client, key), "menus": ()})]
    return [*chains, *(f"menu:{menu.id}" for menu in client.menus if name in names_in((menu,)))]

"""A client's voice menus, as its own people read, try and change them."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.core.client import Client
from vorzimmer.core.client_menus import faults_of, with_menus
from vorzimmer.core.first_menu import first_menus, led_into
from vorzimmer.core.menu import Menu, Menus
from vorzimmer.core.menu_check import Fault
from vorzimmer.core.menu_picture import picture
from vorzimmer.core.menu_words import labels
from vorzimmer.core.model import Language, Slug
from vorzimmer.web.access import TheParts
from vorzimmer.web.client_access import ClientSeat, ClientToChange, TheirClient
from vorzimmer.web.client_saving import read, save, with_values
from vorzimmer.web.parts import Parts
from vorzimmer.web.problems import Problem, told

router = APIRouter(prefix="/api/clients/{client}/menus", tags=["portal"])


class FirstMenus(BaseModel):
    """The menus that callers hear first, behind the greeting: in the open hours and in the closed ones. null: none."""

    model_config = ConfigDict(extra="forbid")

    open: Slug | None
    closed: Slug | None


class MenusDraft(BaseModel):
    """Voice menus that are not saved yet. Without `first`, callers come into them as they do now."""

    model_config = ConfigDict(extra="forbid")

    menus: Menus
    first: FirstMenus | None = None

    def entered(self, client: Client) -> Client:
        """The client whose callers come into these menus first; it has its old ones still."""
        return client if self.first is None else led_into(client, self.first.model_dump())


class MenusWanted(MenusDraft):
    """The menus from now on. `version`: of what they were made from."""

    version: int


class FaultTold(BaseModel):
    """What keeps the menus from being saved. `menu` and `key` (or `otherwise`) say where, if it is in one."""

    text: str
    menu: str | None
    key: str | None

    @classmethod
    def of(cls, fault: Fault) -> Self:
        """As it was found."""
        return cls(text=fault.text, menu=fault.menu, key=fault.key)


class PictureNode(BaseModel):
    """A station. `kind`: `start`, `menu`, or as a target's `to`; `label`: in the reader's language."""

    id: str
    kind: str
    label: str
    problem: str | None


class PictureEdge(BaseModel):
    """A way. `key`: by which it is gone, or `otherwise`; empty: by itself."""

    model_config = ConfigDict(populate_by_name=True)

    source: Annotated[str, Field(alias="from")]
    to: str
    key: str


class MenuPicture(BaseModel):
    """Every station once, and the ways between them."""

    nodes: list[PictureNode]
    edges: list[PictureEdge]


class MenuCheck(BaseModel):
    """What is wrong with menus, and what they look like."""

    problems: list[FaultTold]
    picture: MenuPicture


class MenusShown(MenuCheck):
    """The menus as they are."""

    version: int
    menus: tuple[Menu, ...]
    first: FirstMenus


@router.get("", responses=told(401, 403, 404, 422, 503))
async def menus(seat: TheirClient, parts: TheParts) -> MenusShown:
    """The voice menus."""
    return _shown(seat, parts, *await read(seat, parts))


@router.post("/check", responses=told(401, 403, 404, 413, 422, 503))
async def check(draft: MenusDraft, seat: TheirClient, parts: TheParts) -> MenuCheck:
    """What would be wrong with these menus, and what they would look like. Nothing is changed."""
    _, client = await read(seat, parts)
    return _checked(seat, parts, draft.entered(client), draft.menus)


@router.put("", responses=told(401, 403, 404, 409, 413, 422, 503))
async def change_menus(wanted: MenusWanted, seat: ClientToChange, parts: TheParts) -> MenusShown:
    """Change the menus, from the next call on.

    409 `newer`: somebody else has saved meanwhile. 422 `faulty_menus` with `problems`: a caller could be lost in them.
    """

    def changed(client: Client) -> Client:
        client = wanted.entered(client)
        if found := faults_of(client, wanted.menus, groups=parts.directory().groups):
            problems = [FaultTold.of(fault).model_dump() for fault in found]
            raise Problem(422, "faulty_menus", found[0].text, problems=problems)
        return with_values(client, **with_menus(client, wanted.menus))

    return _shown(seat, parts, *await save(seat, parts, "client.menus", changed, wanted.version))


def _shown(seat: ClientSeat, parts: Parts, version: int, client: Client) -> MenusShown:
    found = _checked(seat, parts, client, client.menus)
    first = FirstMenus.model_validate(first_menus(client))
    return MenusShown(version=version, menus=client.menus, first=first, problems=found.problems, picture=found.picture)


def _checked(seat: ClientSeat, parts: Parts, client: Client, drawn: tuple[Menu, ...]) -> MenuCheck:
    found = faults_of(client, drawn, groups=parts.directory().groups)
    language = Language.ENGLISH if seat.who.language == "en" else Language.GERMAN
    made = picture(drawn, client.chains, found, labels(client, language, parts.region))
    nodes = [PictureNode(id=one.id, kind=one.kind, label=one.label, problem=one.problem) for one in made.nodes]
    edges = [PictureEdge(source=one.source, to=one.target, key=one.key) for one in made.edges]
    return MenuCheck(problems=[FaultTold.of(one) for one in found], picture=MenuPicture(nodes=nodes, edges=edges))

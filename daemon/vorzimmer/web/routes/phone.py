"""The telephone in the browser: its credentials, and which of an agent's pages is it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from vorzimmer.asterisk.phones import REALM
from vorzimmer.core.agent import Agent, Transport
from vorzimmer.core.turn import credentials
from vorzimmer.store import phones
from vorzimmer.web.access import AgentWho, at_page
from vorzimmer.web.parts import Parts, parts
from vorzimmer.web.problems import Problem, told
from vorzimmer.web.routes.agent import PageId, agent_of

router = APIRouter(prefix="/api/phone", tags=["phone"])

Here = Annotated[Parts, Depends(parts)]


class IceServer(BaseModel):
    """As a browser's RTCPeerConnection takes it."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


class Credentials(BaseModel):
    """What the page registers with. `ha1` is as good as the password (RFC 2617): it is kept in memory only."""

    endpoint: str
    ha1: str = Field(repr=False)
    realm: str
    uri: str
    sip_url: str
    ice_servers: tuple[IceServer, ...]
    display_name: str


class Claim(BaseModel):
    """The page."""

    model_config = ConfigDict(extra="forbid")

    page: PageId


@router.get("", responses=told(401, 403, 404, 503), dependencies=[Depends(at_page)])
async def own_phone(person: AgentWho, here: Here) -> Credentials:
    """The agent's telephone for a browser. Not for programs: what it registers with outlives every token."""
    agent = agent_of(person, here)
    endpoint = _endpoint(agent)
    if endpoint is None:
        raise Problem(404, "no_browser_phone", "you have no telephone for a browser")
    digest = await _digest(here, endpoint, agent.id)
    if digest is None:
        raise Problem(404, "no_browser_phone", f"no password was made yet for your telephone {endpoint}")
    host = here.base_url.partition("://")[2].partition(":")[0]
    return Credentials(
        endpoint=endpoint,
        ha1=digest,
        realm=REALM,
        uri=f"sip:{endpoint}@{host}",
        sip_url=here.phones.sip_url,
        ice_servers=_ice_servers(here, agent.id),
        display_name=agent.name,
    )


@router.get("/line", status_code=204, responses=told(401, 403), dependencies=[Depends(at_page)])
async def line(person: AgentWho, here: Here) -> None:
    """Whether this page may connect with Asterisk; the web server in front asks before it passes one on."""
    if _endpoint(agent_of(person, here)) is None:
        raise Problem(403, "no_browser_phone", "you have no telephone for a browser")


def _endpoint(agent: Agent) -> str | None:
    return next((one.endpoint for one in agent.phones if one.transport is Transport.WEBRTC), None)


async def _digest(here: Parts, endpoint: str, agent: str) -> str | None:
    """The digest of the telephone's password; as it was last known, where the database is away."""
    known = here.phone_pages.digests
    try:
        async with here.database.connection() as conn:
            digest = await phones.digest_of(conn, endpoint, agent)
    except Problem:
        if endpoint in known:
            return known[endpoint]
        raise
    if digest is not None:
        known[endpoint] = digest
    return digest


def _ice_servers(here: Parts, agent: str) -> tuple[IceServer, ...]:
    browser = here.phones
    servers = [IceServer(urls=browser.stun)] if browser.stun else []
    if browser.turn and browser.turn_secret:
        until = int(here.clock().timestamp()) + browser.turn_seconds
        user, password = credentials(browser.turn_secret, agent, until)
        servers.append(IceServer(urls=browser.turn, username=user, credential=password))
    return tuple(servers)


@router.post("/claim", status_code=204, responses=told(401, 403, 422))
async def claim(person: AgentWho, here: Here, page: Claim) -> None:
    """This page is the telephone from now on; the agent's other pages give it up."""
    agent = agent_of(person, here)
    here.phone_pages.claim(agent.id, page.page)
    here.live.tell(agent.id)

"""The part of `check` that asks Asterisk: version and modules over ARI, dialplan and telephones over AMI."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import aiohttp
import orjson
import phonenumbers

from vorzimmer.asterisk.ami import Ami, AmiError, Response
from vorzimmer.asterisk.reachability import Reachability
from vorzimmer.cli.context import reason
from vorzimmer.cli.report import Report
from vorzimmer.settings import Settings

OLDEST = (22, 10, 1)
"""Earlier versions have two advisories of ARI and a deadlock at hang-up."""

TIMEOUT = 5.0
"""Seconds for one answer of Asterisk."""

MODULES = (
    *("app_playback", "app_record", "app_stasis", "bridge_simple", "bridge_softmix", "chan_pjsip", "codec_alaw"),
    *("format_pcm", "format_sln", "format_wav", "func_callerid", "func_channel", "func_env", "func_logic"),
    *("func_strings", "func_timeout", "pbx_config", "res_agi", "res_ari", "res_ari_applications", "res_ari_asterisk"),
    *("res_ari_bridges", "res_ari_channels", "res_ari_events", "res_ari_playbacks", "res_ari_recordings"),
    *("res_http_websocket", "res_manager_devicestate", "res_musiconhold", "res_pjsip", "res_pjsip_diversion"),
    *("res_pjsip_header_funcs", "res_pjsip_session", "res_rtp_asterisk", "res_stasis", "res_stasis_answer"),
    *("res_stasis_playback", "res_stasis_recording"),
    *("res_fax", "res_fax_spandsp", "res_pjsip_t38"),
)
"""What the daemon's requests and its dialplan use, and what not every Asterisk has loaded."""

HARMFUL = {"bridge_native_rtp": "it passes the keys that agents press by the daemon; noload it in modules.conf"}
"""What must not run, and why."""

_ADVICE = {"an agent": "see `vorzimmer phone list`, then `vorzimmer phone apply`"}

CONTEXT, EXTENSION = "vorzimmer", "arrive"


async def ari(settings: Settings) -> Report:
    """Version and modules."""
    url = f"{settings.ari.url.rstrip('/')}/ari/asterisk"
    auth = aiohttp.encode_basic_auth(settings.ari.user, settings.ari.password.get_secret_value())
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    try:
        async with aiohttp.ClientSession(
            headers={"Authorization": auth}, timeout=timeout, raise_for_status=True
        ) as session:
            info, modules = await _get(session, f"{url}/info"), await _get(session, f"{url}/modules")
    except aiohttp.ClientResponseError as error:
        return Report("ARI", findings=(_refused(settings, error.status),))
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        away = (
            f"no answer at ari.url {settings.ari.url} ({reason(error)}); start Asterisk, or set http.conf: enabled=yes"
        )
        return Report("ARI", findings=(away,))
    version = str(info.get("system", {}).get("version", ""))
    running = {module.get("name", "").removesuffix(".so") for module in modules if module.get("status") == "Running"}
    missing = [name for name in MODULES if name not in running]
    findings = [*_version(version), *(f"{name}.so does not run; load it in modules.conf" for name in missing)]
    findings += [f"{name}.so runs; {why}" for name, why in HARMFUL.items() if name in running]
    return Report("ARI", f"Asterisk {version}, all {len(MODULES)} needed modules run", tuple(findings))


async def _get(session: aiohttp.ClientSession, url: str) -> Any:
    async with session.get(url) as response:
        return orjson.loads(await response.read())


def _refused(settings: Settings, status: int) -> str:
    if status in (401, 403):
        return f"user {settings.ari.user!r} is refused; ari.user and ari.password must be those of ari.conf"
    if status == 404:
        return f"there is no ARI at ari.url {settings.ari.url}; load res_ari.so and set ari.conf: enabled=yes"
    return f"Asterisk answers {status} at ari.url {settings.ari.url}; see its log"


def _version(version: str) -> Iterator[str]:
    number = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    oldest = ".".join(map(str, OLDEST))
    if number is None:
        yield f"cannot tell whether Asterisk {version!r} is {oldest} or later"
    elif tuple(map(int, number.groups())) < OLDEST:
        yield f"Asterisk {version} is too old; install {oldest} or later"


async def ami(settings: Settings, endpoints: Mapping[str, str]) -> tuple[Report, str]:
    """Login, rights, dialplan, and whether the trunk and all `endpoints`, each with who names it, exist.

    The second value is the user that Asterisk runs as, empty if it is not told.
    """
    manager = Ami(settings.ami.host, settings.ami.port, settings.ami.user, settings.ami.password.get_secret_value())
    try:
        async with _running(manager):
            telephones = Reachability(manager)
            await telephones.load()
            findings = [finding async for finding in _dialplan(manager, settings)]
            user = str((await manager.action("CoreSettings")).fields.get("corerunuser", ""))
    except (AmiError, TimeoutError) as error:
        where = f"{settings.ami.host}:{settings.ami.port}"
        return Report("AMI", findings=(f"{where}: {manager.problem or reason(error)}; see manager.conf",)), ""
    known = telephones.endpoints()
    wanted = {settings.trunk.endpoint: "trunk.endpoint", **endpoints}
    if settings.fax.endpoint is not None:
        wanted[settings.fax.endpoint] = "fax.endpoint"
    findings += [
        f"{what} names the endpoint {name!r}, which Asterisk does not have; {_ADVICE.get(what, 'add it to pjsip.conf')}"
        for name, what in wanted.items()
        if name not in known
    ]
    there = sum(known.values())
    return Report("AMI", f"dialplan in place, {there} of {len(known)} endpoints reachable", tuple(findings)), user


@contextlib.asynccontextmanager
async def _running(manager: Ami) -> AsyncIterator[None]:
    """Connected while inside.

    Raises:
        AmiError: no connection in time; `manager.problem` says why.
    """
    task = asyncio.create_task(manager.run())
    try:
        try:
            async with asyncio.timeout(TIMEOUT):
                await manager.ready()
        except TimeoutError as error:
            raise AmiError(manager.problem) from error
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _dialplan(manager: Ami, settings: Settings) -> AsyncIterator[str]:
    answer = await manager.action("ShowDialPlan", Context=CONTEXT, Extension=EXTENSION)
    if not answer.success:
        yield f"{answer.message}; include dialplan/extensions.conf in Asterisk's own and reload"
        return
    if not _enters(answer, settings.ari.app):
        yield f"{EXTENSION}@{CONTEXT} does not lead to Stasis({settings.ari.app}); ari.app must be the dialplan's name"
    fallback = await _global(manager, "VZ_FALLBACK")
    if fallback.rstrip("/") != str(settings.paths.fallback):
        yield f"VZ_FALLBACK is {fallback!r} in the dialplan, but paths.fallback is {str(settings.paths.fallback)!r}"
    country = str(phonenumbers.country_code_for_region(settings.house.region))
    if await _global(manager, "VZ_COUNTRY") != country:
        yield f"VZ_COUNTRY in the dialplan is not {country}, as house.region {settings.house.region!r} asks for"
    if await _global(manager, "VZ_AGI") != str(settings.agi.port):
        yield f"VZ_AGI in the dialplan is not {settings.agi.port}, which is agi.port; feature codes would not work"
    fax = await _global(manager, "VZ_FAX")
    if fax.rstrip("/") != str(settings.paths.fax):
        yield f"VZ_FAX is {fax!r} in the dialplan, but paths.fax is {str(settings.paths.fax)!r}"
    service = (settings.service.number or "none").removeprefix("+")
    if await _global(manager, "VZ_SERVICE") != service:
        yield f"VZ_SERVICE in the dialplan is not {service}, the digits of service.number"


def _enters(answer: Response, app: str) -> bool:
    return any(
        step.get("application") == "Stasis" and str(step.get("appdata")).split(",")[0] == app for step in answer.events
    )


async def _global(manager: Ami, name: str) -> str:
    answer = await manager.action("Getvar", Variable=name)
    return str(answer.fields.get("value", ""))

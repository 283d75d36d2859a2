"""The operator's page: are the roles ready, what has happened today, what waits. Nothing on it names a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from jinja2 import Environment

REFRESH = 10
"""Seconds after which the page asks again."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The last comparison with Asterisk's own records: calls checked, different, completed."""

    at: datetime
    checked: int
    differing: int
    completed: int


@dataclass(frozen=True, slots=True)
class Status:
    """What the page shows. `roles`: why each is not ready; nothing: it is. `database`: why it is away, or None.

    `calls`: of today by disposition. `messages`: not delivered yet, by state.
    """

    at: datetime
    house: str
    roles: Mapping[str, Sequence[str]]
    database: str | None = None
    calls: Mapping[str, int] | None = None
    messages: Mapping[str, int] | None = None
    compared: Compared | None = None


_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="{{ refresh }}">
<title>{{ status.house }}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h1 { font-size: 1.3rem } h2 { font-size: 1rem; margin: 1.5rem 0 .3rem }
table { border-collapse: collapse } td { padding: .1rem 1.5rem .1rem 0; vertical-align: top }
td:last-child { font-variant-numeric: tabular-nums } .bad { color: #b00020 } .good { color: #1b6e2d }
footer { margin-top: 2rem; color: #666; font-size: .85rem }
</style>
<h1>{{ status.house }}</h1>
<h2>Roles</h2>
<table>
{%- for role, reasons in status.roles.items() %}
<tr><td>{{ role }}</td><td class="{{ 'bad' if reasons else 'good' }}">{{ reasons | join('; ') or 'ready' }}</td></tr>
{%- endfor %}
</table>
{%- if status.database %}
<p class="bad">The database is away: {{ status.database }}. Calls go on.</p>
{%- else %}
<h2>Calls today</h2>
<table>
{%- for disposition, count in status.calls.items() %}
<tr><td>{{ disposition }}</td><td>{{ count }}</td></tr>
{%- else %}
<tr><td>none yet</td></tr>
{%- endfor %}
</table>
<h2>Messages on their way</h2>
<table>
{%- for state, count in status.messages.items() %}
<tr><td>{{ state }}</td><td class="{{ 'bad' if state == 'dead' and count }}">{{ count }}</td></tr>
{%- endfor %}
</table>
<h2>Compared with Asterisk's own records</h2>
{%- if status.compared %}
<p class="{{ 'bad' if status.compared.differing }}">{{ status.compared.at.strftime('%d %B, %H:%M %Z') }}:
{{ status.compared.checked }} calls, {{ status.compared.differing }} different,
{{ status.compared.completed }} completed</p>
{%- else %}
<p>not yet</p>
{%- endif %}
{%- endif %}
<footer>{{ status.at.strftime('%d %B %Y, %H:%M:%S %Z') }}</footer>
</html>
""")


def render(status: Status) -> str:
    """The page as HTML."""
    return _PAGE.render(status=status, refresh=REFRESH)


def page(look: Callable[[], Awaitable[Status]]) -> web.RouteDef:
    """The route of the page; `look` finds out how things are and raises nothing."""

    async def answer(_: web.Request) -> web.Response:
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        }
        return web.Response(text=render(await look()), content_type="text/html", headers=headers)

    return web.get("/", answer)

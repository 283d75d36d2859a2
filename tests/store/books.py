"""Books as the tests of import, database and snapshot need them."""

from __future__ import annotations

from typing import Any

from vorzimmer.core.client import Book

RICH = """
[[group]]
id = "office"
endpoints = ["alice", "bob"]
strategy = "sequential"

[[group]]
id = "home"
endpoints = ["carol"]

[[agent]]
id = "anna"
name = "Anna Ångström"
phones = [{ endpoint = "anna-desk", transport = "tls" }, { endpoint = "anna-browser", transport = "webrtc" }]
teams = ["law", "night"]
skills = ["spanish"]
languages = ["de", "en", "zh"]
clients = ["mueller", "baecker"]
pledged_on = 2026-01-15
records_since = 2026-02-01
wrap_up = 0
timezone = "Europe/Lisbon"
shifts = { mon-fri = ["08:00-16:00"], sat = ["22:00-06:00"] }
supervisor = true
extension = "121"

[[agent]]
id = "ben"
name = "Ben"
phones = ["ben"]

[[client]]
id = "mueller"
name = "Anwälte Müller & Søn \\"Recht\\" 律师"
language = "en"
timezone = "Europe/Vienna"
holidays = "AT-9"
lunch = ["12:00-13:00"]
team = "law"
skills = ["spanish"]
secrecy = true
priority = 9
recording = { allowed = true, keep_days = 90 }
keep = { numbers = 30, notes = 14 }
contacts = [
    { id = "chef", name = "Frau Dr. Müller", numbers = ["0171 7654321", "+43 1 5811236"], seconds = 10 },
    { id = "night", name = "Dienst", role = "night", numbers = ["0171 7654322"], hours = { daily = ["18:00-08:00"] } },
]
rota = { duties = [{ contact = "night", hours = { daily = ["18:00-08:00"] } }, { contact = "chef" }], escalate = 20 }
callers = [
    { number = "0171 1111111", treatment = "put_through", contact = "chef", name = "Gericht" },
    { number = "+44 20 79460000", treatment = "block" },
]
announcements = { greeting = "Hallo Welt.mp3", closed = "zu.wav", opens-at = "wieder ab.wav" }
greeting = "Law firm Müller & Søn, good morning, my name is …"
briefing = "Never tell who represents whom.\\nDeadlines: at once to Dr. Müller."
forms = [
    "message",
    { id = "case", kind = "free", title = "New case", fields = [
        { id = "who", label = "Name", required = true, default = "call.caller_name" },
        { id = "court", label = "Court", type = "choice", choices = ["Wien", "Graz"], default = "Wien" },
        { id = "facts", label = "Facts", type = "long_text", max_length = 5000 },
        { id = "insured", label = "Insured", type = "checkbox", default = true },
    ] },
]
note_wait = 300
own_numbers = [{ number = "089 7654321", did = "+49 89 1234568", watch = false, tell_client = true }]

[client.file]
voip = "ours"
telephone_factor = "germany"
contracts = [{ title = "Telefonservice", since = 2026-01-01, until = 2026-12-31, notice = "3 Monate zum Jahresende" }]
pledged_on = 2026-01-01

[client.hours]
mon-thu = ["08:00-12:00", "13:00-18:00"]
fri = ["22:00-06:00"]

[[client.special_days]]
date = 2026-12-24
name = "Heiligabend"
hours = ["08:00-12:00"]

[[client.special_days]]
date = 2026-12-31

[[client.vacations]]
first = 2026-08-01
last = 2026-08-14
name = "Sommer"

[client.override]
state = "closed"
until = 2026-12-24T12:00:00+01:00

[[client.dids]]
number = "089 1234567"
diverted_from = ["0171 1234567", "+43 1 5811234"]
hours = "always"

[[client.dids]]
number = "+49 89 1234568"

[client.open]
begin = "early"
music = true
chain = [
    { to = "announcement", sound = "greeting", then = ["opens-at", "@opening"] },
    { to = "group", group = "office", seconds = 15, wait = 60 },
    { to = "group", group = "home" },
    { to = "queue", at_once = 2, seconds = 20, wait = 120, most_waiting = 9, most_wait = 90, callback = true },
    { to = "menu", menu = "main" },
    { to = "contact", contact = "chef" },
    { to = "callback" },
    { to = "partner", number = "+43 1 5811235", seconds = 30, confirm = false },
    { to = "mobile", number = "0171 7654321" },
    { to = "machine", max_seconds = 60, silence = 3 },
    { to = "hangup", cause = 17 },
]

[[client.menus]]
id = "main"
title = "Willkommen"
prompt = "closed"
wrong = "greeting"
timeout = 8
repeats = 1
otherwise = [{ to = "machine" }]

[client.menus.keys]
1 = [{ to = "queue", team = "night" }, { to = "contact", contact = "rota" }]
"*" = [{ to = "menu", menu = "dates" }]
"#" = [{ to = "hangup" }]

[[client.menus]]
id = "dates"
title = "Termine"
prompt = "greeting"

[client.menus.keys]
0 = [{ to = "back" }]
5 = [{ to = "callback" }, { to = "announcement", sound = "closed" }]

[client.at_lunch]
chain = [{ to = "machine" }]

[client.mail]
to = ["office@example.org", "Chef <chef@example.org>"]
of = ["answered", "message"]

[client.forwarding]
countries = ["DE", "AT"]
parallel = 2
per_day = 50

[[client]]
id = "baecker"
name = "Bäckerei"
hours = "always"
dids = ["+49 30 1234567"]
mail = ["laden@example.org"]
open = { chain = [{ to = "group", group = "office" }] }
"""
"""A file with every key, and in the second client and agent every short form."""


def book(
    *clients: dict[str, Any], groups: tuple[str, ...] = ("office",), agents: tuple[dict[str, Any], ...] = ()
) -> Book:
    """A book of groups, clients and agents; a client needs `id` and `dids`, an agent `id`, the rest has defaults."""
    return Book.model_validate(
        {
            "group": [{"id": group, "endpoints": [f"{group}-1"]} for group in groups],
            "agent": [{"name": "Somebody", "phones": [agent["id"]], **agent} for agent in agents],
            "client": [
                {
                    "name": "Somebody",
                    "hours": "always",
                    "open": {"chain": [{"to": "machine"}]},
                    **client,
                }
                for client in clients
            ],
        }
    )

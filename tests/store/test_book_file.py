"""TOML in and out: every mistake named, nothing lost."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.store.books import RICH
from vorzimmer.core.client import Book
from vorzimmer.store.book import BookError
from vorzimmer.store.book_file import export_toml, import_file, json_schema
from vorzimmer.store.toml_file import allowed_keys

CLIENT = """
[[client]]
id = "huber"
name = "Huber"
{changed}
dids = ["+49 89 1234567"]
open = {{ chain = [{{ to = "machine" }}] }}
"""


def refused(tmp_path: Path, text: str) -> list[str]:
    """The lines of the error that importing the text raises, without the file's name."""
    file = tmp_path / "clients.toml"
    file.write_text(text)
    with pytest.raises(BookError) as caught:
        import_file(file, "DE")
    assert all(line.startswith(f"{file}: ") for line in caught.value.lines)
    return [line.removeprefix(f"{file}: ") for line in caught.value.lines]


def imported(tmp_path: Path, text: str) -> Book:
    """The book that the text holds."""
    file = tmp_path / "clients.toml"
    file.write_text(text)
    return import_file(file, "DE")


def test_export_and_import_again_loses_nothing(tmp_path: Path) -> None:
    """A book with every key, exported and imported, is equal; a second export is the same text."""
    book = imported(tmp_path, RICH)
    text = export_toml(book)
    assert imported(tmp_path, text) == book
    assert export_toml(imported(tmp_path, text)) == text


def test_export_leaves_defaults_out(tmp_path: Path) -> None:
    """The exported file stays as short as one written by hand, in E.164."""
    exported = tomllib.loads(export_toml(imported(tmp_path, RICH)))
    assert exported["agent"][1] == {"id": "ben", "name": "Ben", "phones": [{"endpoint": "ben"}]}
    baecker = exported["client"][1]
    assert baecker == {
        "id": "baecker",
        "name": "Bäckerei",
        "hours": "always",
        "dids": [{"number": "+49301234567"}],
        "open": {"chain": [{"to": "group", "group": "office"}]},
        "mail": {"to": ["laden@example.org"]},
    }


def test_national_numbers_are_read_in_the_houses_region(tmp_path: Path) -> None:
    """The same writing is another number in another country."""
    file = tmp_path / "clients.toml"
    file.write_text(CLIENT.format(changed='hours = "always"').replace("+49 89", "0316"))
    assert import_file(file, "AT").client[0].dids[0].number == "+433161234567"


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (
            'hours = { mon = ["08:00-12:00", "11:00-13:00"] }',
            "client[huber].hours: hours overlap: 08:00-12:00 and 11:00-13:00",
        ),
        (
            'hours = { moon = ["08:00-12:00"] }',
            "client[huber].hours: unknown day 'moon'; use mon, tue, wed, thu, fri, sat, sun, mon-fri, mon,wed or daily",
        ),
        (
            'hours = "always"\ntimezone = "Europe/Munich"',
            (
                "client[huber].timezone: unknown time zone 'Europe/Munich'; "
                "use a name of the IANA list such as Europe/Berlin"
            ),
        ),
        ('hours = "always"\nlanguage = "fr"', "client[huber].language: 'fr' is unknown (allowed: 'de', 'en' or 'zh')"),
        ('hour = "always"', "client[huber].hours: is missing"),
        (
            'hours = "always"\nclosed = { chain = [{ to = "moon" }] }',
            (
                "client[huber].closed.chain[0]: 'moon' is unknown (allowed: 'group', 'queue', 'partner', 'mobile', "
                "'machine', 'announcement', 'menu', 'contact', 'callback', 'hangup')"
            ),
        ),
        (
            'hours = "always"\nclosed = { chain = [{ sound = "closed" }] }',
            "client[huber].closed.chain[0]: 'to' is missing: it names the kind",
        ),
        (
            'hours = "always"\nclosed = { chain = [{ to = "group", group = "g", second = 3 }] }',
            "client[huber].closed.chain[0].second: unknown key (allowed: to, group, seconds, wait)",
        ),
        (
            'hours = "always"\nclosed = { chain = [{ to = "group" }] }',
            "client[huber].closed.chain[0].group: is missing",
        ),
        (
            'hours = "always"\nclosed = { chain = [{ to = "group", group = "g", seconds = 301 }] }',
            "client[huber].closed.chain[0].seconds: Input should be less than or equal to 300, not 301",
        ),
        (
            'hours = "always"\nannouncements = { hello = "a.wav" }',
            (
                "client[huber].announcements: 'hello' is unknown, nothing plays it (allowed:"
                " 'greeting', 'closed', 'lunch', 'holiday', 'vacation', 'queue', 'callback',"
                " 'machine', 'blocked', 'consent', 'whisper')"
            ),
        ),
        (
            'hours = "always"\nannouncements = { greeting = "../../etc/passwd.wav" }',
            (
                "client[huber].announcements.greeting: String should match pattern"
                r" '^[A-Za-z0-9][A-Za-z0-9 ._-]{0,120}\.(wav|mp3|ogg|oga|opus|flac|m4a|mp4|webm)$'"
                ", not '../../etc/passwd.wav'"
            ),
        ),
    ],
)
def test_a_mistake_names_the_key_and_what_is_allowed(tmp_path: Path, changed: str, line: str) -> None:
    """Whoever wrote the file finds the place and the remedy in the line."""
    assert refused(tmp_path, CLIENT.format(changed=changed))[0] == line


def test_an_unknown_state_names_the_states(tmp_path: Path) -> None:
    """A state that the country does not have is answered with those it has."""
    (line,) = refused(tmp_path, CLIENT.format(changed='hours = "always"\nholidays = "DE-XX"'))
    assert line.startswith("client[huber].holidays: unknown holiday region 'DE-XX'; DE has: ")
    assert "DE-BY" in line


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """One run shows every line to mend; an entry without a usable id goes by its place."""
    lines = refused(tmp_path, '[[client]]\nid = 5\ncolour = "red"\n[[group]]\nid = "g"\n[[clients]]\n')
    assert "client[0].id: Input should be a valid string, not 5" in lines
    assert "client[0].name: is missing" in lines
    assert "group[g].endpoints: is missing" in lines
    assert "clients: unknown key (allowed: group, agent, client)" in lines
    assert len(lines) == 8


def test_ids_and_numbers_that_stand_twice(tmp_path: Path) -> None:
    """Two clients of one file cannot have one number, nor one id."""
    once = CLIENT.format(changed='hours = "always"')
    assert refused(tmp_path, once + once.replace("huber", "meier")) == [
        "number +49891234567 belongs to clients 'huber' and 'meier'; tell them apart by diverted_from"
    ]
    assert "client 'huber' stands 2 times" in refused(tmp_path, once + once)
    agent = '[[agent]]\nid = "anna"\nname = "Anna"\nphones = ["desk"]\n'
    assert refused(tmp_path, agent + agent.replace("anna", "ben")) == [
        "telephone desk belongs to agents 'anna' and 'ben'; each has telephones of its own"
    ]


def test_what_is_no_toml(tmp_path: Path) -> None:
    """A broken, unreadable or missing file is one line with the place of the error, not a traceback."""
    (line,) = refused(tmp_path, "[[client]\nid = 1")
    assert line.startswith("is no TOML: ")
    assert "line 1" in line
    assert refused(tmp_path, "a = " + "[" * 5000)[0].startswith("is no TOML: ")
    file = tmp_path / "latin.toml"
    file.write_bytes("# Müller".encode("latin-1"))
    with pytest.raises(BookError, match=r"is not UTF-8 text \(byte 3\)"):
        import_file(file, "DE")
    with pytest.raises(BookError, match="cannot be read: No such file or directory"):
        import_file(tmp_path / "none.toml", "DE")


def test_every_table_can_say_its_keys() -> None:
    """An unknown key in whatever table is answered with that table's keys, never with a failure of our own."""
    places: tuple[tuple[tuple[int | str, ...], str], ...] = (
        (("group", 0), "endpoints"),
        (("agent", 0), "shifts"),
        (("agent", 0, "phones", 0), "transport"),
        (("client", 0, "dids", 1), "diverted_from"),
        (("client", 0, "mail"), "of"),
        (("client", 0, "override"), "until"),
        (("client", 0, "special_days", 0), "date"),
        (("client", 0, "vacations", 0), "first"),
        (("client", 0, "forwarding"), "per_day"),
        (("client", 0, "contacts", 0), "numbers"),
        (("client", 0, "rota", "duties", 0), "contact"),
        (("client", 0, "callers", 0), "treatment"),
        (("client", 0, "on_vacation"), "chain"),
        (("client", 0, "open", "chain", 3, "mobile"), "confirm"),
        (("client", 0, "open", "chain", 3, "hangup"), "cause"),
    )
    for loc, key in places:
        assert key in allowed_keys(Book, loc)


def test_the_schema_knows_the_short_forms() -> None:
    """An editor that checks the file against the schema accepts bare numbers, addresses and telephones."""
    agent: dict[str, Any] = json_schema()["$defs"]["Agent"]["properties"]
    assert {"type": "string"} in agent["phones"]["items"]["anyOf"]
    client: dict[str, Any] = json_schema()["$defs"]["Client"]["properties"]
    assert {"type": "string"} in client["dids"]["items"]["anyOf"]
    assert any(form.get("type") == "array" for form in client["mail"]["anyOf"])

"""The client as data: what is accepted, what is refused, and that nothing is lost on the way out and in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.core.examples import DID, OTHER_DID, make_client
from vorzimmer.core.client import Book, Client, Mail
from vorzimmer.core.handling import Greet, ToMachine

FULL: dict[str, Any] = {
    "id": "praxis-1",
    "name": "Praxis Dr. Weiß",
    "language": "en",
    "timezone": "America/New_York",
    "holidays": "DE-BY",
    "hours": {"mon-fri": ["08:00-12:00", "13:00-18:00"], "sat": ["22:00-06:00"]},
    "lunch": ["12:00-13:00"],
    "special_days": [{"date": "2026-12-24", "name": "Heiligabend", "hours": ["08:00-12:00"]}, {"date": "2028-02-29"}],
    "vacations": [{"first": "2026-08-03", "last": "2026-08-14", "name": "Sommer"}],
    "override": {"state": "closed", "until": "2026-12-24T12:00:00+01:00"},
    "dids": ["089 99998 100", {"number": OTHER_DID, "diverted_from": ["0811 2345"], "hours": "always"}],
    "open": {
        "begin": "early",
        "music": True,
        "chain": [
            {"to": "group", "group": "first", "seconds": 10, "wait": 30},
            {"to": "partner", "number": "0043 1 58858", "confirm": False},
            {"to": "mobile", "number": "0171 39200 55"},
            {"to": "announcement", "sound": "queue"},
            {"to": "machine"},
        ],
    },
    "closed": {"chain": [{"to": "hangup", "cause": 17}]},
    "on_holiday": {"chain": [{"to": "machine", "max_seconds": 60, "silence": 3}]},
    "announcements": {"closed": "closed.mp3", "queue": "Bitte warten.wav"},
    "mail": {"to": ["a@example.org"], "of": ["message"]},
    "forwarding": {"countries": ["DE", "AT"], "parallel": 0},
}


def _round_trips(book: Book) -> None:
    assert Book.model_validate(book.model_dump(mode="json")) == book
    assert Book.model_validate(book.model_dump()) == book
    assert Book.model_validate_json(book.model_dump_json()) == book
    assert Book.model_validate(json.loads(json.dumps(book.model_dump(mode="json", exclude_defaults=True)))) == book


def test_a_book_with_everything_round_trips() -> None:
    """Export and import, as Python values and as JSON, with and without what is default."""
    book = Book.model_validate(
        {"group": [{"id": "first", "endpoints": ["anna", "bert"], "strategy": "sequential"}], "client": [FULL]}
    )
    _round_trips(book)


_hours = st.sampled_from(
    [
        "always",
        {},
        {"mon-fri": ["08:00-18:00"]},
        {"daily": ["22:00-06:00"]},
        {"sat,mon": ["08:00-12:00", "13:00-24:00"]},
    ]
)
_targets = st.one_of(
    st.fixed_dictionaries({"to": st.just("group"), "group": st.just("first")}, optional={"wait": st.integers(0, 1800)}),
    st.fixed_dictionaries({"to": st.sampled_from(["partner", "mobile"]), "number": st.just("0171 3920055")}),
    st.fixed_dictionaries({"to": st.just("machine")}, optional={"silence": st.integers(1, 60)}),
    st.fixed_dictionaries({"to": st.just("hangup")}, optional={"cause": st.integers(1, 127)}),
)
_handling = st.fixed_dictionaries(
    {"chain": st.lists(_targets, min_size=1, max_size=3)},
    optional={"begin": st.sampled_from(Greet).map(str), "music": st.booleans()},
)
_books = st.fixed_dictionaries(
    {
        "id": st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True),
        "name": st.text(st.characters(categories=["L", "N", "P"], exclude_characters="="), min_size=1, max_size=120),
        "hours": _hours,
        "dids": st.just([DID, {"number": OTHER_DID, "hours": {"sun": ["00:00-24:00"]}}]),
        "open": _handling,
    },
    optional={
        "closed": _handling,
        "on_vacation": _handling,
        "lunch": st.sampled_from([[], ["12:00-13:00"], ["23:30-00:30"]]),
        "holidays": st.sampled_from(["DE", "DE-BY", "AT-9", "US-NY"]),
        "timezone": st.sampled_from(["Europe/Berlin", "Asia/Shanghai"]),
        "override": st.fixed_dictionaries(
            {"state": st.sampled_from(["open", "closed"])}, optional={"until": st.just("2026-12-24T12:00:00Z")}
        ),
        "special_days": st.lists(st.dates().map(lambda d: {"date": d.isoformat()}), max_size=3, unique_by=str),
        "mail": st.just(["a@example.org", "b@example.org"]),
    },
).map(lambda client: Book.model_validate({"client": [client]}))


@given(_books)
def test_any_book_round_trips(book: Book) -> None:
    """Import of an export is the same book, whatever stands in it."""
    _round_trips(book)


@pytest.mark.parametrize(
    ("fields", "where", "says"),
    [
        ({"timezone": "Europe/Muenchen"}, ("timezone",), "unknown time zone 'Europe/Muenchen'"),
        ({"timezone": "../../etc/passwd"}, ("timezone",), "unknown time zone"),
        ({"timezone": ""}, ("timezone",), "unknown time zone"),
        ({"holidays": "DE-XX"}, ("holidays",), "DE has: DE-BB"),
        ({"hours": {"mon": ["08:00-12:00", "11:00-13:00"]}}, ("hours",), "hours overlap"),
        ({"hours": {"montag": []}}, ("hours",), "unknown day 'montag'"),
        ({"hours": None}, ("hours",), 'hours are "always"'),
        ({"lunch": "12-13"}, ("lunch",), "hours of a day are a list"),
        ({"dids": ["101"]}, ("dids", 0, "number"), "not a complete telephone number"),
        ({"dids": [4989123456]}, ("dids", 0), "valid dictionary"),
        ({"dids": [{"number": 4989123456}]}, ("dids", 0, "number"), "is written as text"),
        ({"dids": [{"number": DID, "hours": {"mon": ["8"]}}]}, ("dids", 0, "hours"), "no interval"),
        ({"dids": [DID, "089 99998 100"]}, (), "stands twice"),
        ({"dids": []}, ("dids",), "at least 1"),
        ({"id": "../x"}, ("id",), "pattern"),
        ({"id": "A"}, ("id",), "pattern"),
        ({"name": "a\r\nBcc: x"}, ("name",), "printable"),
        ({"name": "=?utf-8?q?x?="}, ("name",), "printable"),
        ({"announcements": {"closed": "../closed.mp3"}}, ("announcements", "closed"), "pattern"),
        ({"announcements": {"closed": "closed.txt"}}, ("announcements", "closed"), "pattern"),
        ({"announcements": {"hello": "a.wav"}}, ("announcements",), "'hello' is unknown, nothing plays it"),
        ({"announcements": {"closde": "a.wav"}}, ("announcements", "closde", "[key]"), "did you mean 'closed'"),
        (
            {"closed": {"chain": [{"to": "announcement", "sound": "clossed"}]}},
            ("closed", "chain", 0, "announcement", "sound"),
            "did you mean 'closed'",
        ),
        (
            {"closed": {"chain": [{"to": "announcement", "sound": "closed", "then": ["@open"]}]}},
            ("closed", "chain", 0, "announcement", "then", 0, "function-after[_meant(), constrained-str]"),
            "pattern",
        ),
        (
            {"versions": {"closed": [{"item": "0" * 16, "since": "2026-01-01T00:00Z"}]}},
            ("versions",),
            "in the database",
        ),
        ({"open": {"chain": []}}, ("open", "chain"), "at least 1"),
        (
            {"open": {"chain": [{"to": "fax"}]}},
            ("open", "chain", 0),
            "'group', 'queue', 'partner', 'mobile', 'machine'",
        ),
        ({"open": {"chain": [{"to": "group", "group": "a b"}]}}, ("open", "chain", 0, "group", "group"), "pattern"),
        ({"vacations": [{"first": "2026-08-14", "last": "2026-08-03"}]}, ("vacations", 0), "ends (2026-08-03) before"),
        ({"special_days": [{"date": "2026-12-24"}] * 2}, (), "a date stands twice"),
        ({"special_days": [{"date": "2026-02-29"}]}, ("special_days", 0, "date"), "valid date"),
        ({"override": {"state": "open", "until": "2026-12-24T12:00:00"}}, ("override", "until"), "needs its offset"),
        ({"mail": ["nobody"]}, ("mail", "to", 0), "valid email"),
        ({"mail": ["a@example.org\r\nBcc: b@example.org"]}, ("mail", "to", 0), "valid email"),
        ({"colour": "red"}, ("colour",), "not permitted"),
    ],
)
def test_what_is_wrong_is_named_with_its_key(fields: dict[str, Any], where: tuple[Any, ...], says: str) -> None:
    """A mistake's first error names the key and says what is allowed."""
    with pytest.raises(ValidationError) as caught:
        make_client(**fields)
    error = caught.value.errors()[0]
    assert error["loc"] == where
    assert says in error["msg"]


@pytest.mark.parametrize("endpoint", ["anna&SIP/x", "anna,30", "anna/1", "", "anna(", "PJSIP/a", "a b", "ä"])
def test_an_endpoint_cannot_change_what_is_dialled(endpoint: str) -> None:
    """Names of endpoints become part of a dial string, so they hold nothing that has a meaning there."""
    with pytest.raises(ValidationError):
        Book.model_validate({"group": [{"id": "first", "endpoints": [endpoint]}]})


def test_an_endpoint_stands_once_in_a_group() -> None:
    """Twice would ring one telephone twice."""
    with pytest.raises(ValidationError, match="stands twice"):
        Book.model_validate({"group": [{"id": "first", "endpoints": ["anna", "anna"]}]})


def test_national_numbers_are_read_in_the_houses_region() -> None:
    """The operator's region comes with the validation; without it numbers are German."""
    fields = make_client().model_dump(mode="json") | {"dids": ["01 58858 000"]}
    assert Client.model_validate(fields, context={"region": "AT"}).dids[0].number == "+43158858000"


def test_short_writings_mean_the_long_ones() -> None:
    """A DID may be a bare number and mail a bare list; a closed office says so and records."""
    client = make_client(mail=["a@example.org"])
    assert client.mail == Mail(to=("a@example.org",))
    assert client.dids[0].number == DID
    assert client.closed.begin is Greet.ANSWER
    assert client.closed.chain[-1] == ToMachine(to="machine")


def test_a_client_cannot_be_changed() -> None:
    """The routing data are a snapshot: whoever holds a client holds it unchanged."""
    with pytest.raises(ValidationError, match="frozen"):
        make_client().name = "other"  # type: ignore[misc]  # what mypy refuses, the model must refuse as well


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_schema_of_a_book_describes_the_hours_as_written(mode: Any) -> None:
    """The published JSON Schema knows the writings of the file, not the values inside."""
    client = Book.model_json_schema(mode=mode)["$defs"]["Client"]["properties"]
    assert client["hours"]["anyOf"][0] == {"const": "always"}
    assert client["lunch"]["items"]["type"] == "string"

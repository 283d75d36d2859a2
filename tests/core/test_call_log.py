"""Telephone logs of all kinds: what is read from them, and what is said of those that cannot be read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.tariffs import BERLIN
from vorzimmer.core.call_log import MOST_LINES, USUAL, BadLog, CallLog, read, text_of

ZONE = "Europe/Berlin"


def told(log: CallLog) -> list[tuple[str, int]]:
    """When calls began by the client's clock, and how long they took."""
    return [(f"{one.began.astimezone(BERLIN):%m-%d %H:%M:%S}", int(one.seconds["talk"])) for one in log.calls]


@pytest.mark.parametrize(
    "text",
    [
        "Datum;Uhrzeit;Dauer\n03.11.2026;09:15;1:30\n04.11.2026;14:00;0:45\n",
        "Datum/Uhrzeit;Rufnummer;Gesprächsdauer (mm:ss)\r\n03.11.2026 09:15;+49 89 1;01:30\r\n04.11.26 14:00;x;00:45",
        "date,time,duration\n2026-11-03,09:15:00,90\n2026-11-04,2:00 PM,45\n",
        'Start time,Duration (seconds),Status\n"2026-11-03T09:15:00+01:00","90.0",answered\n2026-11-04 14:00,45 s,in\n',
        "Timestamp\tLength\n11/03/2026 09:15\t0:01:30\n11/04/2026 14:00\t00:00:45\n11/14/2026 03:00\t10\n",
        "\nsep=|\nDatum|Zeit|Dauer\n03.11.2026|9.15 Uhr|90 Sek.\n\n04.11.2026|14:00|45\n",
        "Datum;Uhrzeit;Dauer (Min.)\n03.11.2026;09:15;1,5\nMi., 04.11.2026;14:00;0,75 Min.\n",
        "Date,Time,Minutes\n11/03/26,9:15AM,1.5\n11/04/26,2:00 p.m.,0:45\n",
        'Datum,Uhrzeit,"Dauer;in;s;brutto",Gesprächsdauer\n="03.11.2026",09:15,99,90\n="04.11.2026",14:00,1,45\n',
        "calldate,duration,billsec,note\n2026-11-03 09:15:00,99,90,a\u2028b\x0b\n2026-11-04 14:00:00,99,45,\n",
    ],
    ids=["german", "one column", "english", "iso", "american", "bars", "minutes", "12 hours", "talk", "asterisk"],
)
def test_logs_of_all_kinds(text: str) -> None:
    """Delimiters, names of columns, days, times and durations as telephone systems write them."""
    assert told(read(text, ZONE))[:2] == [("11-03 09:15:00", 90), ("11-04 14:00:00", 45)]


def test_the_list_of_a_fritz_box() -> None:
    """Its durations are hours and minutes, its types digits: 1 came in, 2 was missed, 4 went out."""
    text = (
        "sep=;\nTyp;Datum;Name;Rufnummer;Nebenstelle;Eigene Rufnummer;Dauer\n"
        "1;03.11.26 09:15;;0891;Telefon;89;0:04\n2;03.11.26 10:15;;0891;;89;0:00\n4;05.11.26 11:00;;0891;T;89;1:00\n"
    )
    log = read(text, ZONE)
    assert told(log) == [("11-03 09:15:00", 240), ("11-03 10:15:00", 240)]
    assert (log.first, log.last, log.missed, log.usual, log.out) == (date(2026, 11, 3), date(2026, 11, 5), 1, 240, 1)


def test_missed_calls_are_as_long_as_the_others() -> None:
    """(60 + 90) / 2 = 75 seconds; a call without a duration was missed, whatever it is called."""
    text = "Datum;Zeit;Dauer;Richtung\n3.11.2026;9:00;60;eingehend\n3.11.2026;9:10;90;\n3.11.2026;9:20;0;ein\n"
    log = read(f"{text}3.11.2026;9:30;12;nicht angenommen\n3.11.2026;9:40;;Missed call", ZONE)
    assert (log.missed, log.usual) == (3, 75)
    assert [one.seconds["talk"] for one in log.calls] == [60, 90, 75, 75, 75]
    only_missed = read("Datum;Zeit;Dauer\n3.11.2026;9:00;-\n", ZONE)
    assert (only_missed.missed, int(only_missed.calls[0].seconds["talk"])) == (1, USUAL)


@pytest.mark.parametrize(
    ("kinds", "missed", "out"),
    [
        ("Richtung\nEingehender Anruf\nAusgehender Anruf\nAbgehend\nVerpasste Anrufe\nAnruf nicht angenommen", 2, 2),
        ("Type;Result\nInbound;answered\nOutbound;answered\nInbound;missed call\nInbound;No answer\nOut;Busy", 2, 2),
    ],
    ids=["german", "two columns"],
)
def test_which_way_a_call_went(kinds: str, missed: int, out: int) -> None:
    """In whatever form the words stand; of a direction and a result both count. What went out is never billed."""
    names, *rows = kinds.split("\n")
    log = read(f"Datum;Uhrzeit;Dauer;{names}\n" + "".join(f"3.11.2026;9:00;30;{row}\n" for row in rows), ZONE)
    assert (len(log.calls), log.missed, log.out) == (3, missed, out)


def test_months_first_where_days_lie_closer_together_so() -> None:
    """A week of November, not the eleventh of six months; a single day is read as most of the world writes it."""
    text = "Date,Time,Duration\n" + "".join(f"11/{day:02}/2026,9:00 AM,90\n" for day in range(3, 9))
    log = read(text, ZONE)
    assert (log.first, log.last) == (date(2026, 11, 3), date(2026, 11, 8))
    assert read("Date,Time,Duration\n03/11/2026,9:00,90\n", ZONE).first == date(2026, 11, 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_files_of_all_encodings(encoding: str) -> None:
    """What Windows, its office and everybody else writes."""
    text = "Datum;Uhrzeit;Gesprächsdauer\n03.11.2026;09:15;90\n"
    assert told(read(text_of(text.encode(encoding)), ZONE)) == [("11-03 09:15:00", 90)]


@pytest.mark.parametrize(
    ("text", "code", "line", "value"),
    [
        ("", "no_day", 1, ""),
        ("Name;Dauer\nx;1\n", "no_day", 1, "Name, Dauer"),
        ("Datum;Zeit\n3.11.2026;9:00\n", "no_duration", 1, "Datum, Zeit"),
        ("Datum;Zeit;Dauer\n", "no_calls", 0, ""),
        ("Datum;Zeit;Dauer;Typ\n3.11.2026;9:00;5;ausgehend\n", "no_calls", 0, ""),
        ("Datum;Zeit;Dauer\n3.11.2026;9:00;5\n\n31.11.2026;9:00;5\n", "bad_day", 4, "31.11.2026 9:00 5"),
        ("Datum;Zeit;Dauer\n3.11.2026;25:00;5\n", "bad_day", 2, "3.11.2026 25:00 5"),
        ("Beginn;Dauer\n2026-11-03;5\n", "bad_day", 2, "2026-11-03 5"),
        ("Beginn;Dauer\n1026-11-03 10:00;5\n", "bad_day", 2, "1026-11-03 10:00 5"),
        ("Datum;Zeit;Dauer\n3.11.2026;9:00;1:75\n", "bad_duration", 2, "1:75"),
        ("Datum;Zeit;Dauer\n3.11.2026;9:00;-5\n", "bad_duration", 2, "-5"),
        ("Datum;Zeit;Dauer\n3.11.2026;9:00;90000\n", "bad_duration", 2, "90000"),
        ("Datum;Zeit;Dauer\n3.11.2024;9:00;5\n3.11.2026;9:00;5\n", "too_long", 0, "366"),
        ("Datum;Zeit;Dauer\n3.11.2026;9:00;\x1b[31m" + "9" * 50, "bad_duration", 2, "[31m" + "9" * 35 + "…"),
        ("Datum;Zeit;Dauer\n" + "3.11.2026;9:00;5\n" * (MOST_LINES + 1), "too_many", 0, "20000"),
        ('Datum;Zeit;Dauer\n"' + "9" * 140_000, "no_csv", 2, ""),
    ],
    ids=range(16),
)
def test_what_cannot_be_read_is_named(text: str, code: str, line: int, value: str) -> None:
    """The line is that of the file; what stood there is short and harmless."""
    with pytest.raises(BadLog) as refused:
        read(text, ZONE)
    assert (refused.value.code, refused.value.line, refused.value.value) == (code, line, value)


@pytest.mark.parametrize("data", [b"\xff\xfea", b"PK\x03\x04\x00\x00\xff\xfe", b"\x89PNG\r\n\x1a\n\0\0\0"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    """A workbook is no CSV."""
    with pytest.raises(BadLog, match="no_text"):
        text_of(data)


def test_summer_time_ends_in_the_log() -> None:
    """Days are those of the client's clock; an hour that comes twice is the first one."""
    log = read("Beginn;Dauer\n2026-10-25 02:30;60\n2026-10-25T23:30:00Z;60\n", ZONE)
    assert told(log) == [("10-25 02:30:00", 60), ("10-26 00:30:00", 60)]
    assert (log.first, log.last) == (date(2026, 10, 25), date(2026, 10, 26))


@given(st.binary(max_size=200), st.sampled_from([b"", b"Datum;Zeit;Dauer\n3.11.2026;9:00;5\n"]))
@settings(max_examples=100)
def test_nothing_but_a_sentence_comes_of_rubbish(data: bytes, before: bytes) -> None:
    """Whatever is sent."""
    try:
        log = read(text_of(before + data), ZONE)
    except BadLog:
        return
    assert all(Decimal(0) <= one.seconds["talk"] <= 86_400 for one in log.calls)

"""How faxes end, by lines that the dialplan really wrote."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.fax import Ended, Kind, header, judge, parse, reference, told

SENT = (
    "dial=ANSWER|at=1|cause=16|answered=1|status=SUCCESS|error=HANGUP|"
    "says=OK|pages=2|rate=9600|ecm=yes|station=+49301\n"
)
CUT = (
    "dial=ANSWER|at=1|cause=16|answered=1|status=FAILED|error=The call dropped prematurely|"
    "says=The call dropped prematurely|pages=0|rate=14400|ecm=yes|station=+4930990077\n"
)
PERSON = CUT.replace("+4930990077", "")
SILENCE = PERSON.replace("The call dropped prematurely", "Timed out waiting for initial communication")
NO_T38 = (
    "dial=ANSWER|at=1|cause=58|answered=1|status=FAILED|error=T38_NEG_ERROR|"
    "says=error negotiating T.38|pages=0|rate=|ecm=yes|station=\n"
)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (SENT, Kind.SENT),
        (CUT, Kind.CUT),
        (PERSON, Kind.NO_FAX),
        (SILENCE, Kind.NO_FAX),
        (PERSON.replace("pages=0", "pages=1"), Kind.CUT),
        (NO_T38, Kind.NO_T38),
        ("dial=BUSY|at=1|cause=17\n", Kind.BUSY),
        ("dial=NOANSWER|at=1|cause=16\n", Kind.NO_ANSWER),
        ("dial=CHANUNAVAIL|at=1|cause=20\n", Kind.UNREACHABLE),
        ("dial=CONGESTION|at=1|cause=34\n", Kind.UNREACHABLE),
        ("dial=CHANUNAVAIL|at=1|cause=1\n", Kind.UNKNOWN_NUMBER),
        ("dial=CONGESTION|at=1|cause=28\n", Kind.UNKNOWN_NUMBER),
        ("dial=|at=|cause=\n", Kind.UNREACHABLE),
    ],
)
def test_a_line_tells_how_it_ended(line: str, kind: Kind) -> None:
    """Each end has its kind; the words of Asterisk are kept."""
    ended = parse(line)
    assert ended is not None
    assert ended.kind is kind


def test_a_line_without_its_end_says_nothing_yet() -> None:
    """Who reads while Asterisk writes waits for the rest."""
    assert all(parse(SENT[:length]) is None for length in range(len(SENT)))


@given(st.text().map(lambda text: text + "\n"))
def test_no_line_breaks_the_reading(line: str) -> None:
    """Whatever stands there is some end, and only Asterisk's own word for success is one."""
    ended = parse(line)
    assert ended is not None
    assert ended.kind is not Kind.SENT


def test_a_fax_that_arrived_is_told_by_what_counts() -> None:
    """Pages, rate, error correction."""
    ended = parse(SENT)
    assert ended is not None
    assert told(ended) == "2 pages, 9600 bit/s, ECM"
    assert told(Ended(Kind.SENT, 1)) == "1 page"


@pytest.mark.parametrize(
    ("ended", "earlier", "again", "says"),
    [
        (Kind.BUSY, (), True, "the line was busy"),
        (Kind.BUSY, (Kind.BUSY,) * 4, False, "the line was busy; given up after 5 calls"),
        (Kind.NO_ANSWER, (), True, "nobody answered"),
        (Kind.UNREACHABLE, (Kind.BUSY,), True, "did not put the call through"),
        (Kind.UNKNOWN_NUMBER, (), False, "no such number"),
        (Kind.NO_FAX, (), True, "no fax machine was heard"),
        (Kind.NO_FAX, (Kind.NO_FAX,), False, "is this a fax number?"),
        (Kind.NO_FAX, (Kind.NO_T38,), False, "is this a fax number?"),
        (Kind.NO_FAX, (Kind.BUSY, Kind.CUT), True, "no fax machine was heard"),
        (Kind.NO_T38, (), True, "the next try goes as sound"),
        (Kind.CUT, (), True, "0 whole pages had arrived, all pages go again"),
    ],
)
def test_what_follows(ended: Kind, earlier: tuple[Kind, ...], *, again: bool, says: str) -> None:
    """What may pass is tried again, at most so often; a person is rung twice and no more."""
    verdict = judge(Ended(ended), earlier, tries=5)
    assert verdict.again is again
    assert says in verdict.words


@given(st.sampled_from(Kind), st.lists(st.sampled_from(Kind), max_size=30), st.integers(1, 20))
def test_the_calls_to_a_number_are_counted(ended: Kind, earlier: list[Kind], tries: int) -> None:
    """However they ended, no message rings a number more often than allowed."""
    if judge(Ended(ended), earlier, tries).again:
        assert len(earlier) + 1 < tries


@given(st.text())
def test_the_top_of_a_page_is_plain_ascii(name: str) -> None:
    """No name brings more than a line of printable ASCII into Asterisk's dialplan."""
    assert re.fullmatch(r"[ -~]{0,40}", header(name))


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Büro Süd, Straße", "Buero Sued, Strasse"),
        ("Łódź Café", "Lodz Cafe"),
        ("Bu\u0308ro", "Buero"),
        ("李明 GmbH", "?? GmbH"),
        ("a\r\nb\x00", "a??b?"),
    ],
)
def test_umlauts_are_spelt_out_there(name: str, printed: str) -> None:
    """German as Germans write it without umlauts; other letters lose their accents."""
    assert header(name) == printed


def test_a_reference_is_stable_and_fit_for_a_file() -> None:
    """The same message has the same one at every attempt, another message another."""
    assert reference("<a@b>") == reference("<a@b>") != reference("<c@b>")
    assert re.fullmatch("[0-9a-f]{24}", reference("<../../etc/passwd>"))

"""What the dialplan hands over, read as numbers."""

from __future__ import annotations

import pytest

from vorzimmer.calls.arrival import read_arrival, read_dialled

OWN = frozenset({"+4989123456", "+43150123456"})
CALLER = "+49301234567"


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("+4989123456", "+4989123456"),
        ("004989123456", "+4989123456"),
        ("089123456", "+4989123456"),
        ("4989123456", "+4989123456"),
        ("+43150123456", "+43150123456"),
        ("0043150123456", "+43150123456"),
        ("43150123456", "+43150123456"),
    ],
)
def test_every_form_that_carriers_send_finds_our_number(raw: str, read: str) -> None:
    """National, international and bare forms of a DID are the same DID: a call in any form finds its client."""
    assert read_dialled(raw, "DE", OWN) == read


def test_a_number_of_nobody_is_read_as_the_carrier_means_it() -> None:
    """A foreign DID is logged in E.164, by the national reading where two are possible."""
    assert read_dialled("0891234567", "DE", OWN) == "+49891234567"
    assert read_dialled("+41441234567", "DE", OWN) == "+41441234567"
    assert read_dialled("491701234", "DE", OWN) == "+49491701234"


@pytest.mark.parametrize(
    "raw", ["", "+", "089\r\nX: y", "+49\n89123456", "sip:1@evil", "../../etc/passwd", "٣٤٥", "9" * 500, "anonymous"]
)
def test_nothing_but_digits_is_left_of_a_hostile_number(raw: str) -> None:
    """Whatever comes as dialled number, what goes into ledger, logs and mails is a plus and a few ASCII digits."""
    read = read_dialled(raw, "DE", OWN)
    assert set(read) <= set("+0123456789")
    assert len(read) <= 21


def test_a_call_is_read_whole() -> None:
    """Dialled, caller, name and diverting number arrive in E.164 and clean; nothing is withheld or looped."""
    args = ["089123456", "030 1234567", "allowed_not_screened", "08911111", ""]
    incoming = read_arrival(args, "Erika\r\nBcc: x", "DE", OWN)
    assert (incoming.dialled, incoming.caller, incoming.diverted_from) == ("+4989123456", CALLER, "+498911111")
    assert incoming.caller_name == "Erika Bcc: x"
    assert not incoming.withheld
    assert not incoming.looped


@pytest.mark.parametrize("presentation", ["prohib", "prohib_not_screened", "prohib_passed_screen"])
def test_who_withholds_the_number_has_none(presentation: str) -> None:
    """Number and name of a caller who withholds them are dropped, even if the network tells them."""
    incoming = read_arrival(["089123456", CALLER, presentation], "Erika", "DE", OWN)
    assert (incoming.withheld, incoming.caller, incoming.caller_name) == (True, None, None)


@pytest.mark.parametrize("raw", ["", "anonymous", "0170\r\n123", "x" * 100, "*#"])
def test_what_is_no_number_is_no_caller(raw: str) -> None:
    """A caller or diverting number that is none is None, not a wrong number that somebody would call back."""
    incoming = read_arrival(["089123456", raw, "", raw], "", "DE", OWN)
    assert (incoming.caller, incoming.diverted_from, incoming.caller_name) == (None, None, None)


def test_a_mark_of_our_own_makes_a_loop() -> None:
    """A call that carries the mark of one of our trunk legs is our own forward coming back."""
    assert read_arrival(["089123456", CALLER, "allowed", "", "call-7"], "", "DE", OWN).looped


def test_missing_arguments_count_as_empty() -> None:
    """A dialplan that hands over less (an older one) still gets its calls answered; more is ignored."""
    assert read_arrival([], "", "DE", OWN).caller is None
    assert read_arrival(["089123456"], "", "DE", OWN).dialled == "+4989123456"
    assert read_arrival(["089123456", "", "", "", "", "3", "new"], "", "DE", OWN).dialled == "+4989123456"

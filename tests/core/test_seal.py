"""The chain over rows: what is done to them is seen, and where."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.seal import GENESIS, Chain, Found, Sealed, What, against, seal_of

AT = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)


def digest(key: str) -> bytes:
    """Of a row as it was written."""
    return hashlib.sha256(key.encode()).digest()


def chain(*sizes: int) -> tuple[Sealed, ...]:
    """Batches of so many rows, calls and charges in turn; a row's key is its number."""
    found: list[Sealed] = []
    before, row = GENESIS, 0
    for number, size in enumerate(sizes, 1):
        keys = tuple(f"c{n}" for n in range(row, row + size))
        row += size
        source, at, digests = ("charge", "cdr")[number % 2], AT + timedelta(minutes=number), b"".join(map(digest, keys))
        before = seal_of(before, number, source, at, digests)
        found.append(Sealed(number, source, at, keys, digests, before))
    return tuple(found)


def verify(batches: Iterable[Sealed], now: dict[str, bytes], *kept: bytes) -> Found | None:
    """The first thing that is wrong."""
    led = Chain({head: f"no. {place}" for place, head in enumerate(kept)})
    for batch in batches:
        if (found := led.follow(batch) or against(batch, now)) is not None:
            return found
    return led.end()


def there(batches: Iterable[Sealed]) -> dict[str, bytes]:
    """The rows as they were written."""
    return {key: digest(key) for batch in batches for key in batch.keys}


WHOLE = chain(3, 1, 2)
SIZES = st.lists(st.integers(1, 6), min_size=1, max_size=6)


def test_the_seal_is_computed_as_the_document_says() -> None:
    """By hand: version, seal before, number, microseconds since 1970, table's name, hash of the digests."""
    told = b"vorzimmer seal 1" + bytes(32) + (1).to_bytes(8, "big") + (1772442060123456).to_bytes(8, "big") + b"cdr"
    rows = hashlib.sha256(digest("c0") + digest("c1") + digest("c2")).digest()
    assert WHOLE[0].seal == hashlib.sha256(told + rows).digest()


@given(SIZES)
def test_what_was_not_touched_is_whole(sizes: list[int]) -> None:
    """Also with rows that nobody has sealed yet, and for every head that a statement printed, the zeros too."""
    whole = chain(*sizes)
    assert verify(whole, there(whole) | {"new": bytes(32)}, GENESIS, *(batch.seal for batch in whole)) is None


@given(SIZES, st.data())
def test_a_row_that_is_gone_or_changed_is_named(sizes: list[int], data: st.DataObject) -> None:
    """Whichever it is, and of several the first."""
    whole = chain(*sizes)
    rows = [(batch.number, batch.source, key) for batch in whole for key in batch.keys]
    first = data.draw(st.integers(0, len(rows) - 1))
    others = {rows[n][2] for n in range(first, len(rows)) if data.draw(st.booleans())}
    key = rows[first][2]
    gone = {name: told for name, told in there(whole).items() if name not in {key, *others}}
    assert verify(whole, gone) == Found(What.MISSING, *rows[first])
    assert verify(whole, there(whole) | dict.fromkeys((key, *others), bytes(32))) == Found(What.CHANGED, *rows[first])


@given(SIZES, st.data())
def test_a_batch_that_is_altered_breaks_the_chain_there(sizes: list[int], data: st.DataObject) -> None:
    """Its rows, their order, its time or its table: whatever else was made to fit."""
    whole = chain(*sizes)
    place = data.draw(st.integers(0, len(whole) - 1))
    batch = whole[place]
    altered = data.draw(
        st.sampled_from(
            [
                replace(batch, keys=(*batch.keys, "c99"), digests=batch.digests + digest("c99")),
                replace(batch, keys=(*batch.keys, "c99")),
                replace(batch, keys=batch.keys[1:], digests=batch.digests[32:]),
                replace(batch, digests=batch.digests[:-1] + bytes([batch.digests[-1] ^ 1])),
                replace(batch, at=batch.at + timedelta(microseconds=1)),
                replace(batch, source={"cdr": "charge", "charge": "cdr"}[batch.source]),
                replace(batch, seal=bytes(32)),
            ]
        )
    )
    forged = (*whole[:place], altered, *whole[place + 1 :])
    assert verify(forged, there(forged)) == Found(What.BROKEN, place + 1)


def test_rows_in_another_order_break_the_seal() -> None:
    """The order is a part of what was sealed."""
    keys = WHOLE[0].keys[::-1]
    forged = (replace(WHOLE[0], keys=keys, digests=b"".join(map(digest, keys))), *WHOLE[1:])
    assert verify(forged, there(forged)) == Found(What.BROKEN, 1)


def test_a_batch_written_anew_breaks_the_next() -> None:
    """Its own seal fits; the one behind it was taken of another."""
    keys = ("c0", "c1")
    digests = b"".join(map(digest, keys))
    first = replace(WHOLE[0], keys=keys, digests=digests, seal=seal_of(GENESIS, 1, "cdr", WHOLE[0].at, digests))
    assert verify((first, *WHOLE[1:]), there(WHOLE)) == Found(What.BROKEN, 2)


@pytest.mark.parametrize(("left", "number"), [((1, 2), 1), ((0, 2), 2)])
def test_a_batch_cut_out_is_missed(left: tuple[int, ...], number: int) -> None:
    """From the front or the middle."""
    cut = tuple(WHOLE[n] for n in left)
    assert verify(cut, there(cut)) == Found(What.GAP, number)


def test_a_cut_tail_shows_by_a_seal_that_was_kept() -> None:
    """The chain alone cannot know what came after it; the statement in the client's drawer does."""
    cut = WHOLE[:2]
    assert verify(cut, there(cut)) is None
    assert verify(cut, there(cut), WHOLE[1].seal, WHOLE[2].seal) == Found(What.HEAD, 2, whose="no. 1")


def test_a_chain_written_anew_shows_by_a_seal_that_was_kept() -> None:
    """Whoever forges all of it forges no paper."""
    anew = chain(2, 2, 2)
    assert verify(anew, there(anew), WHOLE[0].seal) == Found(What.HEAD, 3, whose="no. 0")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Found(What.CHANGED, 7, "cdr", "b-1"), "seal 7: the record of call b-1 is changed"),
        (
            Found(What.MISSING, 7, "charge", "b-1\x1f0\x1fcalls"),
            "seal 7: the charge of call b-1, turn 0, position calls is missing",
        ),
        (
            Found(What.ADDED, 0, "charge", "b-1\x1f2\x1f"),
            "the charge of call b-1, turn 2, position (none) was added behind the sealer's back, or its seal is gone",
        ),
        (Found(What.MISSING, 7, "charge", "b-1\x1f?\x1f"), r"seal 7: the charge row 'b-1\x1f?\x1f' is missing"),
        (Found(What.TWICE, 0, "cdr", "b-1"), "the record of call b-1 is in two seals"),
        (Found(What.GAP, 3), "seal 3 is missing"),
        (Found(What.FOREIGN, 3), "seal 3 is none of the sealer's"),
        (Found(What.BROKEN, 3), "seal 3 does not fit its rows, or the seal before it"),
        (
            Found(What.HEAD, 9, whose="on the statement of mueller, 2026-03"),
            (
                "the head on the statement of mueller, 2026-03 is none of the chain's 9 seals: "
                "its end was cut off, or it was written anew"
            ),
        ),
    ],
)
def test_what_was_found_is_a_sentence(found: Found, told: str) -> None:
    """That names the row so that it can be looked up."""
    assert str(found) == told

"""The keys of an agent: codes are understood, and nothing that is none gets lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vorzimmer.core.talk_codes import LONGEST, Code, Keypad, Pressed

KEYS = "0123456789*#ABCD"


def _type(keys: str) -> list[Pressed]:
    keypad = Keypad()
    return [keypad.press(key) for key in keys]


@pytest.mark.parametrize(
    ("keys", "code", "digits"),
    [
        ("*9", Code.HOLD, ""),
        ("*4", Code.COMPLETE, ""),
        ("*5", Code.BACK, ""),
        ("*6", Code.JOIN, ""),
        ("*7", Code.RECORD, ""),
        ("*8", Code.UNRECORD, ""),
        ("*21#", Code.ATTENDED, "1"),
        ("*30#", Code.BLIND, "0"),
        ("*2004989555001#", Code.ATTENDED, "004989555001"),
        ("*2#", Code.ATTENDED, ""),
    ],
)
def test_codes(keys: str, code: Code, digits: str) -> None:
    """Each code is understood at its last key, and no key of it is passed on."""
    *before, last = _type(keys)
    assert before == [Pressed()] * len(before)
    assert last == Pressed(code, digits)


@pytest.mark.parametrize("keys", ["1", "#", "*1", "**", "*A", "*2*", "*3" + "1" * (LONGEST + 1)])
def test_what_is_no_code_is_passed_on(keys: str) -> None:
    """The other side hears every key of it, in order."""
    assert "".join(pressed.passed for pressed in _type(keys)) == keys


def test_a_code_that_is_not_finished_is_passed_on() -> None:
    """Who stops in the middle had meant the other side."""
    keypad = Keypad()
    for key in "*21":
        keypad.press(key)
    assert keypad.is_typing
    assert keypad.give_up() == Pressed(passed="*21")
    assert not keypad.is_typing


@given(st.text(KEYS, max_size=60))
def test_no_key_is_lost_or_invented(keys: str) -> None:
    """Passed keys, codes and what is still being typed make up what was pressed, in order."""
    keypad, seen = Keypad(), ""
    for key in keys:
        pressed = keypad.press(key)
        if pressed.code is not None:
            end = "#" if pressed.code in (Code.ATTENDED, Code.BLIND) else ""
            seen += f"*{pressed.code.value}{pressed.digits}{end}"
        seen += pressed.passed
    assert seen + keypad.give_up().passed == keys

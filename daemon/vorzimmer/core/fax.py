"""How a fax ended, by what Asterisk wrote of it, and what follows: sent, try again, or never.

Asterisk's words: https://docs.asterisk.org/Latest_API/API_Documentation/Dialplan_Functions/FAXOPT/ and, of the
dialling, `DIALSTATUS` of https://docs.asterisk.org/Latest_API/API_Documentation/Dialplan_Applications/Dial/. Causes are
those of Q.850.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_UNKNOWN_NUMBER = frozenset({1, 22, 28})
"""Q.850: unallocated number, number changed, invalid number format: no later try reaches anybody there."""

_T38_FAILED = "T38_NEG_ERROR"

NO_FAX_TRIES = 2
"""After so many answers without a fax machine nobody there is rung again: it is a person's telephone."""

_HEADER = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ł": "l", "Ł": "L"}
)
_LONGEST_HEADER = 40
"""Signs that are left between the date and the number at the top of a page."""


class Kind(StrEnum):
    """How one call to a fax number ended. The values stand in files of faxes under way."""

    SENT = "sent"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NO_FAX = "no_fax"
    """Somebody or something answered, and no fax machine was heard: a person, mostly."""
    CUT = "cut"
    """A fax machine was there, and not all pages arrived."""
    NO_T38 = "no_t38"
    """The change to T.38 failed; the next try is made in sound."""
    UNREACHABLE = "unreachable"
    """The carrier did not put the call through."""
    UNKNOWN_NUMBER = "unknown_number"


@dataclass(frozen=True, slots=True)
class Ended:
    """One finished call to a fax number. `pages`: arrived whole; `rate`: bit/s; `cause`: Q.850."""

    kind: Kind
    pages: int = 0
    rate: int = 0
    ecm: bool = False
    error: str = ""
    cause: int = 0


def reference(message_id: str) -> str:
    """By which Asterisk and we know the fax of a message: the same whenever it is computed, fit for a file's name."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:24]


def parse(line: str) -> Ended | None:
    """What the line says that the dialplan wrote (dialplan/fax.conf); None: it is not written to its end yet."""
    if not line.endswith("\n"):
        return None
    told = dict(part.partition("=")[::2] for part in line.strip().split("|"))
    cause, pages, rate = (_number(told.get(name, "")) for name in ("cause", "pages", "rate"))
    error = told.get("says") or told.get("error") or ""
    if told.get("dial") != "ANSWER":
        return Ended(_unanswered(told.get("dial", ""), cause), cause=cause)
    if told.get("status") == "SUCCESS":
        return Ended(Kind.SENT, pages, rate, told.get("ecm") == "yes", cause=cause)
    if told.get("error") == _T38_FAILED:
        return Ended(Kind.NO_T38, error=error, cause=cause)
    # Nearly every machine says its number, and a person never does (T.30, CSI).
    heard = bool(told.get("station", "").strip()) or pages > 0
    return Ended(Kind.CUT if heard else Kind.NO_FAX, pages, rate, error=error, cause=cause)


def _unanswered(dial: str, cause: int) -> Kind:
    if cause in _UNKNOWN_NUMBER:
        return Kind.UNKNOWN_NUMBER
    return {"BUSY": Kind.BUSY, "NOANSWER": Kind.NO_ANSWER}.get(dial, Kind.UNREACHABLE)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows: `again` or never; `factor` times the usual pause; `words` for people."""

    words: str
    again: bool
    factor: int = 1


def judge(ended: Ended, earlier: Sequence[Kind], tries: int) -> Verdict:
    """What follows from a call that did not bring all pages.

    Args:
        ended: how it ended.
        earlier: how the calls before it ended, for the same message.
        tries: at most so many calls for a message.
    """
    words = _words(ended)
    made = len(earlier) + 1
    if ended.kind is Kind.UNKNOWN_NUMBER:
        return Verdict(words, again=False)
    unheard = earlier.count(Kind.NO_FAX) + earlier.count(Kind.NO_T38) + 1
    if ended.kind is Kind.NO_FAX and unheard >= NO_FAX_TRIES:
        return Verdict(f"{words}; nobody is rung there again: is this a fax number?", again=False)
    if made >= tries:
        return Verdict(f"{words}; given up after {made} calls", again=False)
    # Whoever does not answer will not do so in a minute; a line that is busy or broke may be free soon.
    return Verdict(words, again=True, factor=3 if ended.kind in {Kind.NO_ANSWER, Kind.NO_FAX} else 1)


def _words(ended: Ended) -> str:
    whole = f"{ended.pages} whole page{'' if ended.pages == 1 else 's'}"
    return {
        Kind.SENT: told(ended),
        Kind.BUSY: "the line was busy",
        Kind.NO_ANSWER: "nobody answered",
        Kind.UNKNOWN_NUMBER: f"there is no such number, says the carrier (cause {ended.cause})",
        Kind.UNREACHABLE: f"the carrier did not put the call through (cause {ended.cause})",
        Kind.NO_FAX: f"the call was answered, but no fax machine was heard ({ended.error})",
        Kind.NO_T38: f"the change to T.38 failed; the next try goes as sound ({ended.error})",
        Kind.CUT: f"the fax was cut off: {whole} had arrived, all pages go again ({ended.error})",
    }[ended.kind]


def told(ended: Ended) -> str:
    """A fax that arrived, in words: `2 pages, 9600 bit/s, ECM`."""
    pages = f"{ended.pages} page{'' if ended.pages == 1 else 's'}"
    return ", ".join([pages, *([f"{ended.rate} bit/s"] if ended.rate else []), *(["ECM"] if ended.ecm else [])])


def header(name: str) -> str:
    """A name for the top of a page, where Asterisk prints ASCII alone: umlauts are spelt out, accents left out."""
    spelt = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", name).translate(_HEADER))
    bare = "".join(sign for sign in spelt if not unicodedata.combining(sign))
    clean = "".join(sign if " " <= sign <= "~" else "?" for sign in bare)
    return " ".join(clean.split())[:_LONGEST_HEADER].rstrip()

"""What somebody wrote in a mail: the words of the reply itself, without what it quotes and without the signature.

A mail comes from anybody: everything here takes any bytes, and looks at no more than what an answer can hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from html import unescape

from mailparser_reply import EmailMessage

from vorzimmer.core.answer import cleaned
from vorzimmer.notify.plain import one_line

LOOKED_AT = 8000
"""Characters of a mail's text that are looked at: more than an answer holds."""

LOOKED_AT_HTML = 60_000
"""The same with its markup."""

LONGEST_LINE = 140
"""Characters of a line that may be the head of a quotation. For one of thousands the library takes seconds."""

DEEPEST = 20
"""Parts within parts."""

_LEFT_OUT = frozenset({"head", "script", "style", "title", "template", "blockquote"})
_BREAKING = frozenset({"br", "p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "pre", "hr"})
_QUOTE_BEGINS = re.compile(r"\b(gmail_quote|gmail_attr|divRplyFwdMsg|appendonsend|moz-cite-prefix)\b")
"""Class or id of what stands before the quoted mail: Gmail, Outlook, Thunderbird."""

_LONG = re.compile("\ue000([0-9]+)\ue001")


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail. `sender`: its address, one line. `text`: may be empty; `attachments`: how many; `id`: empty, if none."""

    sender: str
    text: str
    attachments: int
    id: str
    automatic: bool


def read(mail: bytes) -> Reply:
    """The reply that a mail is. Never fails: of what cannot be read the text is empty."""
    message = message_from_bytes(mail)
    parts = list(_leaves(message, 0))
    texts = [part for part in parts if _is_text(part)]
    plain = next((part for part in texts if part.get_content_subtype() == "plain"), None)
    page = next((part for part in texts if part.get_content_subtype() == "html"), None)
    if plain is not None:
        text = own_words(_decoded(plain, LOOKED_AT))
    else:
        text = own_words(_without_markup(_decoded(page, LOOKED_AT_HTML))) if page is not None else ""
    return Reply(
        sender=one_line(parseaddr(_header(message, "From"))[1], 254),
        text=text,
        attachments=sum(_is_attached(part) for part in parts),
        id=one_line(_header(message, "Message-ID"), 300),
        automatic=_is_automatic(message),
    )


def own_words(text: str) -> str:
    """Of a mail's text what its writer wrote."""
    tidy = re.sub(r"\n\s*\n", "\n\n", text.replace("\ue000", "").replace("\r\n", "\n"))
    lines = tidy[:LOOKED_AT].split("\n")
    long = [line for line in lines if len(line) > LONGEST_LINE]
    numbers = iter(range(len(long)))
    short = [line if len(line) <= LONGEST_LINE else f"\ue000{next(numbers)}\ue001" for line in lines]
    latest = EmailMessage("\n".join(short), ["de", "en", "zh"], keep_hyphen_lists=True).read().replies[0]
    kept = latest.full_body if _says_more(latest.signatures or "") else latest.body
    found = _LONG.sub(lambda match: long[int(match[1])], kept or latest.full_body)
    return cleaned("\n".join(line for line in found.split("\n") if not line.lstrip().startswith(">")))


def _says_more(signature: str) -> bool:
    """Whether what looks like a signature goes on in its first line, as in "Thanks, please call him after five"."""
    return bool(signature.partition("\n")[0].partition(",")[2].strip())


def _is_automatic(message: Message) -> bool:
    """Whether no person wrote it: RFC 3834, RFC 3464, and what was usual before them."""
    submitted = _header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    precedence = _header(message, "Precedence").strip().lower()
    return (
        submitted not in ("", "no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or message.get_content_type() == "multipart/report"
        or any(name in message for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply", "List-Id"))
        or _header(message, "Return-Path").strip() == "<>"
    )


def _leaves(part: Message, depth: int) -> Iterator[Message]:
    """The parts that hold something; a mail within the mail is one of them."""
    inside = part.get_payload()
    if part.get_content_maintype() != "multipart" or not isinstance(inside, list) or depth > DEEPEST:
        yield part
        return
    for one in inside:
        if isinstance(one, Message):
            yield from _leaves(one, depth + 1)


def _is_attached(part: Message) -> bool:
    """A picture that the text itself shows is none."""
    return not _is_text(part) and "Content-ID" not in part


def _is_text(part: Message) -> bool:
    shown = part.get_content_disposition() != "attachment" and part.get_filename() is None
    return shown and part.get_content_type() in ("text/plain", "text/html") and not part.is_multipart()


def _decoded(part: Message, longest: int) -> str:
    body = part.get_payload(decode=True)
    if not isinstance(body, bytes):
        return ""
    try:
        return body.decode(part.get_content_charset("utf-8"), "replace")[:longest]
    except (LookupError, ValueError):  # nobody knows this charset
        return body.decode("utf-8", "replace")[:longest]


def _header(message: Message, name: str) -> str:
    return str(message.get(name, ""))


_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<(/?)([a-z][a-z0-9]*)([^<>]*)>|[^<]+|<", re.DOTALL | re.IGNORECASE)
"""A comment, a tag, or words. Of whatever is written so, it takes time in proportion; `html.parser` takes minutes."""


def _without_markup(page: str) -> str:
    """The words of a page as a person sees them, but for what is quoted."""
    words: list[str] = []
    left_out = 0
    for token in _TAG.finditer(page):
        closing, tag, attributes = token[1], (token[2] or "").lower(), token[3]
        if not tag:
            if not left_out and not token[0].startswith("<!--"):
                words.append(re.sub(r"\s+", " ", unescape(token[0])))
        elif tag in _LEFT_OUT:
            left_out = max(0, left_out + (-1 if closing else 1))
        elif _QUOTE_BEGINS.search(attributes):
            break
        elif tag in _BREAKING and not left_out:
            words.append("\n")
    return "\n".join(line.strip() for line in "".join(words).split("\n"))

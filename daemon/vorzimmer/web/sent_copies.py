"""What a client got, as it was sent, taken apart for a page: nothing of it is trusted, and nothing of it is run."""

from __future__ import annotations

import io
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Literal

import orjson
from PIL import Image

from vorzimmer.store.outbox import Copy

LONGEST = 100_000
"""Characters of a text that are shown; the whole copy can be downloaded."""

MOST_PIXELS = 40_000_000
"""Of a fax page; an A4 page in the finest resolution has under 8 million."""

WIDTH = 1000
"""Pixels of a page as it is shown."""

Kind = Literal["mail", "text", "json", "fax", "other"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A copy in words. `pages`: of a fax; `attachments`: names in a mail."""

    kind: Kind
    media_type: str
    bytes: int
    subject: str = ""
    text: str = ""
    html: str = ""
    attachments: tuple[str, ...] = ()
    pages: int = 0


def shown(copy: Copy) -> Shown:
    """The copy for a page. Takes a moment: call it in a thread."""
    media_type = copy.media_type.partition(";")[0].strip().lower()
    if media_type == "message/rfc822":
        return _mail(copy)
    if media_type == "application/json" and (kept := _kept(copy)) is not None:
        return kept
    if media_type in ("image/tiff", "application/json") or media_type.startswith("text/"):
        kind: Kind = {"image/tiff": "fax", "application/json": "json"}.get(media_type, "text")  # type: ignore[assignment]  # a Literal by its values
        text = "" if kind == "fax" else _decoded(copy.content)
        if kind == "json":
            text = _indented(copy.content) or text
        html = text if media_type == "text/html" else ""
        pages = _pages(copy.content) if kind == "fax" else 0
        return Shown(kind, media_type, len(copy.content), text="" if html else text, html=html, pages=pages)
    return Shown("other", media_type, len(copy.content))


def page(copy: Copy, n: int) -> bytes | None:
    """Page `n` of a fax, from 0, as PNG; None: there is none. Takes a moment: call it in a thread."""
    try:
        with _opened(copy.content) as image:
            image.seek(n)
            if image.width * image.height > MOST_PIXELS:
                return None
            across, up = _resolution(image)
            # Fax pixels are not square: in coarse resolution they are twice as high as wide.
            height = round(image.height * across / up * WIDTH / image.width)
            small = image.convert("L").resize((WIDTH, max(height, 1)), Image.Resampling.BOX)
    except (OSError, EOFError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


def _opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content), formats=("TIFF",))


def _resolution(image: Image.Image) -> tuple[float, float]:
    """Pixels to the inch, across and up; a file that does not say has square ones."""
    across, up = (float(one) for one in image.info.get("dpi", (1, 1)))
    return (across, up) if across > 0 and up > 0 else (1.0, 1.0)


def _pages(content: bytes) -> int:
    try:
        with _opened(content) as image:
            return int(getattr(image, "n_frames", 1))
    except (OSError, ValueError, SyntaxError):
        return 0


def _mail(copy: Copy) -> Shown:
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(copy.content)
    text, html = (_body(message, kind) for kind in ("plain", "html"))
    names = tuple(str(part.get_filename("") or part.get_content_type()) for part in message.iter_attachments())
    return Shown(
        "mail",
        "message/rfc822",
        len(copy.content),
        subject=str(message.get("Subject", "")),
        text=text,
        html=html,
        attachments=names,
    )


def _kept(copy: Copy) -> Shown | None:
    """A mail as its channel keeps it: its words, and the names of what hung on it. None: this is other JSON."""
    try:
        mail = orjson.loads(copy.content)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(mail, dict) or set(mail) != {"subject", "text", "html", "attachments"}:
        return None
    subject, text, html = (str(mail[part])[:LONGEST] for part in ("subject", "text", "html"))
    names = tuple(str(name) for name in mail["attachments"])
    return Shown("mail", copy.media_type, len(copy.content), subject, text, html, names)


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())[:LONGEST]
    except (KeyError, LookupError, ValueError):
        return ""


def _decoded(content: bytes) -> str:
    return content[: 4 * LONGEST].decode("utf-8", "replace")[:LONGEST]


def _indented(content: bytes) -> str:
    try:
        return orjson.dumps(orjson.loads(content), option=orjson.OPT_INDENT_2).decode()[:LONGEST]
    except orjson.JSONDecodeError:
        return ""

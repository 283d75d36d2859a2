"""The copy of a mail, as the e-mail channel keeps it, taken apart for a page."""

from __future__ import annotations

import orjson
import pytest

from vorzimmer.store.outbox import Copy
from vorzimmer.web.sent_copies import shown

MAIL = {"subject": "Anruf", "text": "Hallo", "html": "<p>Hallo</p>", "attachments": ["voicemail.mp3"]}


def test_a_kept_mail_is_shown_as_a_mail() -> None:
    """Subject, both parts and what hung on it."""
    found = shown(Copy("application/json", orjson.dumps(MAIL)))
    assert (found.kind, found.subject, found.text, found.html) == ("mail", "Anruf", "Hallo", "<p>Hallo</p>")
    assert found.attachments == ("voicemail.mp3",)


@pytest.mark.parametrize("content", [b'{"type": "call.ended"}', b"[1]", b"{", orjson.dumps({**MAIL, "more": 1})])
def test_other_json_is_no_mail(content: bytes) -> None:
    """What a webhook got stays what it was."""
    assert shown(Copy("application/json", content)).kind == "json"

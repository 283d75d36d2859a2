"""That something cannot be done, before it becomes an answer (`problems`): known without the web's libraries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Problem(Exception):
    """The request has no effect. `status` is HTTP's, `code` is for programs, `text` is a sentence; `more` goes along.

    `headers` go with the answer.
    """

    def __init__(
        self, status: int, code: str, text: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.headers = dict(headers or {})
        self.more = more

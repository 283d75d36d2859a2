"""A browser for all tests, and a house for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import chromium
from tests.browser.chromium import Chromium
from tests.e2e.conftest import house, sandbox
from tests.sipp import sound

__all__ = ["house", "sandbox"]

SPEECH = sound.announcement(2, 1.5)
"""What is said into the browser's microphone, again and again."""


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One Chromium, which says `SPEECH`."""
    folder = tmp_path_factory.mktemp("chromium")
    with chromium.running(folder, sound.write_wav(folder / "speech.wav", SPEECH)) as running:
        yield running

"""What tests of several routes share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.note_house import NoteHouse, note_house
from tests.web.portal_house import PortalHouse, portal_house


@pytest.fixture
async def house_of_notes(dsn: str, tmp_path: Path) -> AsyncIterator[NoteHouse]:
    """A house in which notes are taken."""
    async with note_house(dsn, tmp_path) as opened:
        yield opened


@pytest.fixture
async def portal(dsn: str, tmp_path: Path) -> AsyncIterator[PortalHouse]:
    """A house with two clients, whose people are at their pages."""
    async with portal_house(dsn, tmp_path) as opened:
        yield opened

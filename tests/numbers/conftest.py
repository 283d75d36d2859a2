"""An open connection to the test's own database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest


@pytest.fixture
async def conn(dsn: str) -> AsyncIterator[Any]:
    """A connection to the database of `dsn`."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()

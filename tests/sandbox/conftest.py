"""One sandbox for all tests that only look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vorzimmer.sandbox.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A running sandbox, taken down at the end of the module."""
    started = Sandbox.up(tmp_path_factory.mktemp("sandbox"), agents=2)
    yield started
    started.down()

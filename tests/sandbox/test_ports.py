"""Ports: no two sandboxes get the same ones, and a killed one finds its own again."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vorzimmer.sandbox import ports


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[list[Path]]:
    """Eight owners; their blocks are given back at the end."""
    owners = [tmp_path / str(number) for number in range(8)]
    for owner in owners:
        owner.mkdir()
    yield owners
    for owner in owners:
        if owner.is_dir():
            ports.release(owner)


def test_claims_at_the_same_time_differ(folders: list[Path]) -> None:
    """Sandboxes that start in parallel never share a block."""
    with ThreadPoolExecutor(8) as threads:
        blocks = list(threads.map(ports.claim, folders))
    assert len({block.first for block in blocks}) == len(folders)


def test_an_owner_keeps_its_block(folders: list[Path]) -> None:
    """A second claim gives the same ports, also when the owner's own parts listen on them."""
    block = ports.claim(folders[0])
    assert ports.claim(folders[0]) == block
    with socket.socket() as part:
        # A sandbox that had the block a moment ago may have left connections behind that the kernel has not forgotten.
        part.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        part.bind(("127.0.0.1", block.port(3)))
        part.listen()
        assert ports.claim(folders[0], running=True) == block
        # Nothing of the sandbox runs, so the listener is a stranger: the ports are of no use.
        assert ports.claim(folders[0]) != block


def test_the_block_of_a_deleted_folder_is_free_again(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever deletes a sandbox's folder without `down` loses no ports for ever.

    In a register of its own: in the common one another sandbox may take the block at this very moment.
    """
    (tmp_path / "register").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "register"))
    monkeypatch.setattr(ports, "_all_free", lambda _first: True)
    block = ports.claim(folders[0])
    shutil.rmtree(folders[0])
    assert ports.claim(folders[1]).first == block.first


def test_places_end_with_the_block() -> None:
    """A place outside the block would be another sandbox's port."""
    block = ports.Block(20480, Path("/nowhere"))
    assert block.port(255) == 20735
    for place in (-1, 256):
        with pytest.raises(IndexError):
            block.port(place)


def test_a_register_of_somebody_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder under the well-known name that others can write is refused."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    owner = tmp_path / "owner"
    owner.mkdir()
    block = ports.claim(owner)
    block.folder.parent.chmod(0o777)
    with pytest.raises(PermissionError, match="private"):
        ports.claim(owner)

"""Which Asterisk is taken, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from vorzimmer.sandbox import asterisk_root
from vorzimmer.sandbox.asterisk_root import AsteriskMissingError


@pytest.mark.parametrize(
    ("told", "enough"),
    [
        ("Asterisk 22.10.1~dfsg+~cs6.15.60671435-1", True),
        ("Asterisk 22.11.0", True),
        ("Asterisk 23.0.0", True),
        ("Asterisk 22.9.0", False),
        ("Asterisk 20.6.0~dfsg+~cs6.13.40431414-2build5", False),
        ("Asterisk GIT-master-abc", False),
        ("", False),
    ],
)
def test_versions_are_compared_as_numbers(told: str, enough: bool) -> None:  # noqa: FBT001 - a column of the table
    """22.10 is newer than 22.9, and what tells no version is too old."""
    assert (asterisk_root.version(told) >= asterisk_root.LEAST) is enough


def _program(folder: Path, name: str, body: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache and an old Asterisk; the folder of its programs."""
    programs = tmp_path / "bin"
    _program(programs, "asterisk", 'echo "Asterisk 20.6.0"')
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return programs


def test_says_that_mmdebstrap_is_missing(bare: Path) -> None:
    """An old Asterisk is not used; the sentence names the tool that is missing."""
    assert bare.is_dir()
    with pytest.raises(AsteriskMissingError, match="mmdebstrap"):
        asterisk_root.find_or_build()


def test_says_that_there_is_no_debian_mirror(bare: Path) -> None:
    """Ubuntu's mirrors, and Debian's security, carry no unstable."""
    _program(bare, "mmdebstrap", "exit 0")
    lines = (
        "Ubuntu|noble|http://mirror.example/ubuntu/\\nDebian|bookworm-security|http://mirror.example/debian-security/"
    )
    _program(bare, "apt-get", f"printf '{lines}\\n'")
    with pytest.raises(AsteriskMissingError, match="no Debian mirror"):
        asterisk_root.find_or_build()


def test_an_unpacking_that_failed_leaves_nothing_half(bare: Path, tmp_path: Path) -> None:
    """The tool's reason is passed on, and the next try does not find a broken tree in the cache."""
    _program(bare, "mmdebstrap", 'echo "E: no space left" >&2; exit 1')
    _program(bare, "apt-get", "echo 'Debian|bookworm|http://mirror.example/debian/'")
    with pytest.raises(AsteriskMissingError, match="no space left"):
        asterisk_root.find_or_build()
    assert [file for file in (tmp_path / "cache" / "vorzimmer").iterdir() if file.suffix != ".lock"] == []


def test_unpacks_once_and_finds_it_again(bare: Path, tmp_path: Path) -> None:
    """Of the unpacked tree only what Asterisk needs is kept, and a second call unpacks nothing."""
    _program(bare, "apt-get", "echo 'Debian|bookworm|http://mirror.example/debian/'")
    _program(bare, "mmdebstrap", _UNPACK)
    first = asterisk_root.find_or_build()
    _program(bare, "mmdebstrap", "exit 1")
    assert asterisk_root.find_or_build() == first
    tree = next(path for path in (tmp_path / "cache" / "vorzimmer").iterdir() if path.is_dir())
    assert first.command[0] == str(tree / "usr/lib/any-linux-gnu/ld-linux-any.so.2")
    assert (first.modules / "chan_pjsip.so").is_file()
    assert (first.data / "sounds/en/hello.gsm").is_file()
    assert not (tree / "usr/share/doc").exists()
    assert not (tree / "usr/lib/any-linux-gnu/perl").exists()


# What the real tool leaves, in small; the last argument but one is the folder. PATH holds no mkdir here.
_UNPACK = """PATH=/usr/bin:/bin
while [ $# -gt 2 ]; do shift; done
lib=$1/usr/lib/any-linux-gnu
mkdir -p $lib/asterisk/modules $lib/perl $1/usr/sbin $1/usr/share/doc $1/usr/share/asterisk/sounds/en_US_f_Some
touch $lib/ld-linux-any.so.2 $lib/asterisk/modules/chan_pjsip.so $lib/perl/x $1/usr/sbin/asterisk
touch $1/usr/share/asterisk/sounds/en_US_f_Some/hello.gsm"""

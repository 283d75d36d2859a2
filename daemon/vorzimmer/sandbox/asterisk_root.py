"""Which Asterisk the sandbox runs: the installed one if it is new enough, else one unpacked from Debian unstable.

The unpacked one needs no chroot and no root rights: its programs are run by its own loader with its own libraries,
and it sees the machine's files, so a folder has the same path for the daemon and for Asterisk. It is kept in the
cache folder and used by every sandbox.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

LEAST = (22, 10, 1)
PACKAGES = "asterisk,asterisk-core-sounds-en-gsm,asterisk-prompt-de,libc6"
_KEPT = ("usr/lib/*-linux-gnu*", "usr/share/asterisk")
_NOT_KEPT = ("perl", "perl-base", "gconv", "security", "krb5", "sasl2", "gio", "glib-2.0")


class AsteriskMissingError(Exception):
    """No Asterisk can be had here; the text says in one sentence why, for a person."""


@dataclass(frozen=True)
class AsteriskRoot:
    """An Asterisk that can be run: the command without arguments, its modules and its sounds."""

    command: tuple[str, ...]
    modules: Path
    data: Path


def find_or_build() -> AsteriskRoot:
    """The installed Asterisk, or the cached one, or one unpacked now (about half a minute).

    Raises:
        AsteriskMissingError: there is none and none can be had.
    """
    installed = _installed()
    if installed is not None:
        return installed
    # What was unpacked for an earlier version of this program may lack something.
    contents = hashlib.sha256(PACKAGES.encode()).hexdigest()[:8]
    tree = _cache() / f"asterisk-{_architecture()}-{contents}"
    tree.parent.mkdir(parents=True, exist_ok=True)
    with (tree.parent / f"{tree.name}.lock").open("w") as lock:
        # Two sandboxes that start at once build it once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.is_dir():
            _build(tree)
    return _unpacked(tree)


def _installed() -> AsteriskRoot | None:
    program = shutil.which("asterisk", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")
    if program is None:
        return None
    told = subprocess.run([program, "-V"], capture_output=True, text=True, check=False).stdout
    if version(told) < LEAST:
        return None
    modules = [*Path("/usr/lib").glob("*/asterisk/modules"), Path("/usr/lib/asterisk/modules")]
    for folder in modules:
        if (folder / "chan_pjsip.so").is_file():
            data = next(path for path in (Path("/usr/share/asterisk"), Path("/var/lib/asterisk")) if path.is_dir())
            return AsteriskRoot((program,), folder, data)
    return None


def version(told: str) -> tuple[int, ...]:
    """The version in the output of `asterisk -V`, such as `Asterisk 22.10.1~dfsg`; empty if there is none."""
    found = re.search(r"Asterisk (\d+(?:\.\d+)*)", told)
    return tuple(int(part) for part in found.group(1).split(".")) if found else ()


def _unpacked(tree: Path) -> AsteriskRoot:
    libraries = next(tree.glob("usr/lib/*/asterisk/modules")).parents[1]
    loader = next(path for path in sorted(libraries.glob("ld-linux*.so.*")) if path.is_file())
    command = (str(loader), "--library-path", str(libraries), str(tree / "usr/sbin/asterisk"))
    return AsteriskRoot(command, libraries / "asterisk/modules", tree / "usr/share/asterisk")


def _build(tree: Path) -> None:
    """Unpack Debian unstable's Asterisk beside the cache, keep what is run, and put it in place whole."""
    builder = shutil.which("mmdebstrap")
    if builder is None:
        raise AsteriskMissingError(
            "no Asterisk 22.10.1 or later is installed, and mmdebstrap, which would unpack one, is not installed either"
        )
    with tempfile.TemporaryDirectory(prefix=f".{tree.name}.", dir=tree.parent) as workshop:
        whole, kept = Path(workshop) / "whole", Path(workshop) / "kept"
        options = ["--variant=extract", f"--include={PACKAGES}", "--quiet"]
        # A dated mirror is "expired" by design.
        options += ['--aptopt=Acquire::Check-Valid-Until "false"']
        made = subprocess.run(
            [builder, *options, "sid", str(whole), _mirror()], capture_output=True, text=True, check=False
        )
        if made.returncode != 0:
            reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise AsteriskMissingError(f"Asterisk could not be unpacked from Debian unstable: {reason}")
        _keep(whole, kept)
        kept.rename(tree)


def _keep(whole: Path, kept: Path) -> None:
    """Move what Asterisk needs out of the whole tree: libraries, modules, sounds, the program."""
    for pattern in _KEPT:
        for source in whole.glob(pattern):
            target = kept / source.relative_to(whole)
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
    (kept / "usr/sbin").mkdir(parents=True)
    (whole / "usr/sbin/asterisk").rename(kept / "usr/sbin/asterisk")
    for libraries in kept.glob("usr/lib/*"):
        for name in _NOT_KEPT:
            shutil.rmtree(libraries / name, ignore_errors=True)
    # Debian names the folder by language, country and voice, and links it in a step that unpacking leaves out.
    sounds = kept / "usr/share/asterisk/sounds"
    if not (sounds / "en").exists():
        (sounds / "en").symlink_to(next(sounds.glob("en_US_*")).name)


def _mirror() -> str:
    """The Debian mirror that this machine's apt is set to; never one written down here."""
    apt = shutil.which("apt-get")
    told = ""
    if apt is not None:
        arguments = [apt, "indextargets", "--format", "$(ORIGIN)|$(RELEASE)|$(REPO_URI)", "Created-By: Packages"]
        told = subprocess.run(arguments, capture_output=True, text=True, check=False).stdout
    # The origin is empty until the first `apt-get update`; security and updates hold no unstable.
    lines = [line.split("|") for line in told.splitlines()]
    for wanted in ("Debian", ""):
        for origin, release, address in lines:
            if origin == wanted and "-" not in release and "debian" in address:
                return address
    raise AsteriskMissingError(
        "no Asterisk 22.10.1 or later is installed, and apt on this machine knows no Debian mirror to take one from"
        " (Ubuntu and others carry older ones): install Asterisk 22.10.1 or later yourself"
    )


def _architecture() -> str:
    return os.uname().machine


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or ""
    return (Path(home) if home.startswith("/") else Path.home() / ".cache") / "vorzimmer"

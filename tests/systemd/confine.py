"""Run a program under a unit's restrictions without systemd: `python -m tests.systemd.confine UNIT -- PROGRAM`.

What systemd would do to the process is done here by the same means of the kernel: mounts of its own, seccomp filters,
no capabilities, no new privileges. As root, or as a user who may make user namespaces.

Not applied: `User=` and the groups (the accounts are not there; without capabilities root is an ordinary owner of
files), `OOMScoreAdjust` (may need a capability), `DevicePolicy` (control groups), `LoadCredential`, the watchdog.
"""

from __future__ import annotations

import argparse
import errno
import os
import resource
import socket
from collections.abc import Sequence
from pathlib import Path

from tests.systemd import kernel
from tests.systemd.kernel import ALLOW, EQUAL, GREATER, MASKED, NOT_EQUAL, Filter, refuse
from tests.systemd.unit import Unit, last, read, words, yes

HOMES = ("/home", "/root", "/run/user")
TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - they are replaced by private ones
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")

_FIFO, _ROUND_ROBIN, _DEADLINE = 1, 2, 6
_SET_USER_ID, _SET_GROUP_ID = 0o4000, 0o2000
_WRITE, _EXECUTE = 0x2, 0x4
_SHM_EXECUTE = 0o100000
DENIED = refuse(errno.EPERM)
_MODES = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2, "mkdir": 1, "mkdirat": 2, "mknod": 1, "mknodat": 2}
"""Which argument of a system call is the mode."""


def confine(unit: Unit, seen: Sequence[Path], written: Sequence[Path]) -> None:
    """Lock this process in. `seen` stays visible where homes and temporary folders are hidden; `written`, writable."""
    allowed = _allowed_calls(unit)
    _limits(unit)
    _namespaces(unit)
    _mounts(unit, [*seen, *written], written)
    os.chdir("/")
    if "CapabilityBoundingSet" in unit and not last(unit, "CapabilityBoundingSet"):
        kernel.drop_capabilities()
    if yes(unit, "NoNewPrivileges"):
        kernel.forbid_new_privileges()
    _filters(unit)
    if allowed:
        last_filter = Filter(refuse(getattr(errno, last(unit, "SystemCallErrorNumber", "EPERM"))))
        for name in allowed:
            last_filter.rule(ALLOW, name)
        last_filter.load()


def _allowed_calls(unit: Unit) -> set[str]:
    """As systemd reads the lists: the first one allows, one with a tilde takes away, and `@default` is always there."""
    allowed: set[str] = set()
    for value in unit.get("SystemCallFilter", ()):
        if value.startswith("~"):
            allowed -= kernel.system_calls(value[1:].split())
        else:
            allowed |= kernel.system_calls(value.split())
    return allowed | kernel.system_calls(["@default"]) if allowed else set()


def _limits(unit: Unit) -> None:
    os.umask(int(last(unit, "UMask", "0022"), 8))
    os.nice(int(last(unit, "Nice", "0")))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = int(last(unit, "LimitNOFILE", "1024"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), min(wanted, hard)))


def _namespaces(unit: Unit) -> None:
    kinds = ["mount"] + ["uts"] * yes(unit, "ProtectHostname")
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(sum(kernel.NEW_NAMESPACE[kind] for kind in (*kinds, *(["user"] if user else []))))
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _mounts(unit: Unit, seen: Sequence[Path], written: Sequence[Path]) -> None:
    kernel.mount("none", "/", flags=kernel.REC | kernel.PRIVATE)
    handles = {path: os.open(path, os.O_PATH) for path in seen}
    hidden = [*(HOMES if yes(unit, "ProtectHome") else ()), *(TEMPORARY if yes(unit, "PrivateTmp") else ())]
    for folder in filter(os.path.isdir, hidden):
        mode = "1777" if folder in TEMPORARY else "0755"
        kernel.mount("tmpfs", folder, "tmpfs", kernel.NO_SUID, f"mode={mode}")
    for path, handle in handles.items():
        path.mkdir(parents=True, exist_ok=True)
        kernel.mount(f"/proc/self/fd/{handle}", path, flags=kernel.BIND)
        os.close(handle)
    if yes(unit, "PrivateDevices"):
        _devices()
    if yes(unit, "ProcSubset") and os.geteuid() == 0:  # another user would need a PID namespace, and be its PID 1
        kernel.mount("proc", "/proc", "proc", kernel.NO_SUID | kernel.NO_EXEC, "subset=pid,hidepid=invisible")
    if last(unit, "ProtectSystem") == "strict":
        kernel.set_read_only("/", on=True, recursive=True)
        for path in (*written, *(folder for folder in (*hidden, "/dev/shm") if folder not in HOMES)):  # noqa: S108 - the private ones
            kernel.set_read_only(path, on=False)


def _devices() -> None:
    """A /dev with the harmless devices only."""
    handles = {name: os.open(f"/dev/{name}", os.O_PATH) for name in DEVICES}
    kernel.mount("tmpfs", "/dev", "tmpfs", kernel.NO_SUID, "mode=0755")
    for name, handle in handles.items():
        place = Path("/dev", name)
        place.touch()
        kernel.mount(f"/proc/self/fd/{handle}", place, flags=kernel.BIND)
        os.close(handle)
    shared = Path("/dev/shm")  # noqa: S108 - a private one
    shared.mkdir()
    kernel.mount("tmpfs", shared, "tmpfs", kernel.NO_SUID, "mode=1777")


def _filters(unit: Unit) -> None:
    """Everything that is a rule about arguments; what is not named by a rule passes."""
    rules = Filter(ALLOW)
    _families(rules, words(unit, "RestrictAddressFamilies"))
    for key, apply in _RULES.items():
        if yes(unit, key):
            apply(rules)
    rules.load()


def _families(rules: Filter, names: Sequence[str]) -> None:
    allowed = {int(getattr(socket, name)) for name in names}
    most = max(allowed)
    for family in set(range(most)) - allowed:
        rules.rule(refuse(errno.EAFNOSUPPORT), "socket", (0, EQUAL, family, 0))
    rules.rule(refuse(errno.EAFNOSUPPORT), "socket", (0, GREATER, most, 0))


def _no_namespaces(rules: Filter) -> None:
    rules.rule(refuse(errno.ENOSYS), "clone3")  # its flags are out of a filter's reach; clone is used instead
    rules.rule(DENIED, "setns")
    for flag in kernel.NEW_NAMESPACE.values():
        rules.rule(DENIED, "unshare", (0, MASKED, flag, flag))
        rules.rule(DENIED, "clone", (0, MASKED, flag, flag))


def _no_realtime(rules: Filter) -> None:
    for policy in (_FIFO, _ROUND_ROBIN, _DEADLINE):
        rules.rule(DENIED, "sched_setscheduler", (1, EQUAL, policy, 0))


def _no_set_user_id(rules: Filter) -> None:
    rules.rule(refuse(errno.ENOSYS), "openat2")
    for call, argument in _MODES.items():
        for bit in (_SET_USER_ID, _SET_GROUP_ID):
            rules.rule(DENIED, call, (argument, MASKED, bit, bit))


def _no_personality(rules: Filter) -> None:
    rules.rule(DENIED, "personality", (0, NOT_EQUAL, 0, 0))


def _no_writable_code(rules: Filter) -> None:
    both = _WRITE | _EXECUTE
    rules.rule(DENIED, "mmap", (2, MASKED, both, both))
    rules.rule(DENIED, "mprotect", (2, MASKED, _EXECUTE, _EXECUTE))
    rules.rule(DENIED, "pkey_mprotect", (2, MASKED, _EXECUTE, _EXECUTE))
    rules.rule(DENIED, "shmat", (2, MASKED, _SHM_EXECUTE, _SHM_EXECUTE))


_RULES = {
    "RestrictNamespaces": _no_namespaces,
    "RestrictRealtime": _no_realtime,
    "RestrictSUIDSGID": _no_set_user_id,
    "LockPersonality": _no_personality,
    "MemoryDenyWriteExecute": _no_writable_code,
}


def main() -> None:
    """Confine this process and become the program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("unit", type=Path)
    parser.add_argument("--see", type=Path, action="append", default=[])
    parser.add_argument("--write", type=Path, action="append", default=[])
    parser.add_argument("program", nargs="+")
    options = parser.parse_args()
    confine(read(options.unit), options.see, options.write)
    os.execvp(options.program[0], options.program)  # noqa: S606 - the program that is to be confined


if __name__ == "__main__":
    main()

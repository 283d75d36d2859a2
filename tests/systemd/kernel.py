"""What Linux offers to lock a process in, where Python has no words of its own for it."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

NEW_NAMESPACE = {
    "mount": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
"""CLONE_NEW…, linux/sched.h."""

READ_ONLY, NO_SUID, NO_EXEC, BIND, REC, PRIVATE = 0x1, 0x2, 0x8, 0x1000, 0x4000, 0x40000
"""MS_…, linux/mount.h."""

_MOUNT_SETATTR = 442  # the same number on every architecture
_AT_FDCWD, _AT_RECURSIVE, _ATTR_READ_ONLY = -100, 0x8000, 0x1
_CAPBSET_READ, _CAPBSET_DROP, _NO_NEW_PRIVILEGES = 23, 24, 38

_libc = ctypes.CDLL(None, use_errno=True)
_seccomp = ctypes.CDLL("libseccomp.so.2")
_seccomp.seccomp_init.restype = ctypes.c_void_p

ALLOW = 0x7FFF0000
NOT_EQUAL, EQUAL, GREATER, MASKED = 1, 4, 6, 7


def refuse(error: int) -> int:
    """The action that fails a system call with this errno."""
    return 0x00050000 | error


class _Compare(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


class _MountAttr(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user"))


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the namespaces of these kinds."""
    _check(_libc.unshare(flags), "unshare")


def mount(source: str | Path, target: str | Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    """As the command of this name does; flags and options are those of its manual, section 2."""
    done = _libc.mount(*(os.fsencode(text) for text in (source, target, kind)), flags, options.encode())
    _check(done, f"mount {source} at {target}")


def set_read_only(target: str | Path, *, on: bool, recursive: bool = False) -> None:
    """Make a mount, or all from there on, read-only or writable."""
    attr = _MountAttr(set=_ATTR_READ_ONLY if on else 0, clear=0 if on else _ATTR_READ_ONLY)
    flags = _AT_RECURSIVE if recursive else 0
    path = os.fsencode(target)
    done = _libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, path, flags, ctypes.byref(attr), ctypes.sizeof(attr))
    _check(done, f"read-only {on}: {target}")


def drop_capabilities() -> None:
    """None can be had any more, by any program started from here."""
    capability = 0
    while _libc.prctl(_CAPBSET_READ, capability, 0, 0, 0) >= 0:
        _check(_libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0), f"drop capability {capability}")
        capability += 1


def forbid_new_privileges() -> None:
    """From here on no program gains by its set-user-id bit."""
    _check(_libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")


class Filter:
    """A seccomp filter: `otherwise` is done with what no rule names. `load` is final."""

    def __init__(self, otherwise: int) -> None:
        self._context = ctypes.c_void_p(_seccomp.seccomp_init(otherwise))

    def rule(self, action: int, call: str, *compare: tuple[int, int, int, int]) -> None:
        """Do `action` with a system call if every (argument, operator, a, b) holds; names of other machines pass."""
        number = _seccomp.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return
        conditions = (_Compare * len(compare))(*(_Compare(*each) for each in compare))
        done = _seccomp.seccomp_rule_add_array(self._context, action, number, len(compare), conditions)
        if done != 0:
            raise OSError(-done, f"seccomp rule for {call}: {os.strerror(-done)}")

    def load(self) -> None:
        """Apply it to this process and all it starts."""
        done = _seccomp.seccomp_load(self._context)
        if done != 0:
            raise OSError(-done, f"seccomp: {os.strerror(-done)}")


def system_calls(sets: Sequence[str]) -> set[str]:
    """The system calls of systemd's sets, as this machine's systemd knows them."""
    if not sets:
        return set()
    told = subprocess.run(["systemd-analyze", "syscall-filter", *sets], check=True, capture_output=True, text=True)
    listed = [line.strip() for line in told.stdout.splitlines() if line.startswith("    ")]
    names = {name for name in listed if not name.startswith(("#", "@"))}
    return names | system_calls([name for name in listed if name.startswith("@")])

"""Logs: one line of JSON an event, or readable lines on a terminal; never a secret, never a forged line.

What belongs to a call is bound with `structlog.contextvars.bound_contextvars(call_id=..., client=..., did=...)`
and stands in every line that the call's task writes. Values come from callers, so control characters are escaped
before anything is written; secrets are taken out by the name of their key, by the look of a URL, and by value.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import PurePath
from types import TracebackType
from typing import Any
from uuid import UUID

import orjson
import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import ExceptionRenderer, add_log_level, format_exc_info
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"

_SECRET_KEY = re.compile(r"passw|passphrase|secret|token|credential|authorization|api_?key|private_?key", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/]+@", re.IGNORECASE)
_NAMED_PASSWORD = re.compile(r"""((?:passw(?:or)?d|secret|token)["']?\s*[=:]\s*["']?)[^\s"',;&)]+""", re.IGNORECASE)
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, line separators, marks that turn the direction of writing, and lone surrogates."""

SHORTEST_SECRET = 4
"""Characters; a shorter secret is not searched for by value: it would blot out ordinary words."""


def configure(level: str = "info", *, secrets: Iterable[str] = (), terminal: bool | None = None) -> None:
    """Set up structlog and the standard library's logging, for the whole process; may be called again.

    Args:
        level: `debug`, `info`, `warning` or `error`. Libraries log from `warning` on, unless it is `debug`.
        secrets: values that must not appear in any line, wherever they turn up.
        terminal: readable lines instead of JSON; by default, whether stderr is a terminal.

    Raises:
        ValueError: there is no such level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"no log level {level!r}; use debug, info, warning or error")
    readable = sys.stderr.isatty() if terminal is None else terminal
    structlog.configure(
        processors=_processors(Cleaner(secrets), readable=readable),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: Stderr(),
        cache_logger_on_first_use=False,  # a later set-up shall reach the loggers of every module
    )
    logging.basicConfig(handlers=[FromStandardLibrary()], level=_library_level(number), force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught


def _library_level(number: int) -> int:
    return number if number <= logging.DEBUG else max(number, logging.WARNING)


def _processors(cleaner: Cleaner, *, readable: bool) -> list[Processor]:
    exceptions: Processor
    renderer: Processor
    if readable:
        exceptions, renderer = format_exc_info, ConsoleRenderer(exception_formatter=plain_traceback)
    else:
        exceptions, renderer = ExceptionRenderer(ExceptionDictTransformer(show_locals=False, max_frames=20)), _to_json
    return [structlog.contextvars.merge_contextvars, add_log_level, _add_time, exceptions, cleaner, renderer]


def _add_time(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event["timestamp"] = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return event


def _to_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    return orjson.dumps(event, option=orjson.OPT_NON_STR_KEYS).decode()


class Cleaner:
    """The processor after which an event holds plain, harmless values only."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        long_enough = sorted((s for s in secrets if len(s) >= SHORTEST_SECRET), key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, long_enough))) if long_enough else None
        self._key = lru_cache(maxsize=1024)(self._key_uncached)

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        """Clean a whole event."""
        traceback = event.pop("exception", None)
        cleaned = self._mapping(event)
        if isinstance(traceback, str):  # the only text whose line breaks are ours
            cleaned["exception"] = "\n".join(map(self.text, traceback.splitlines()))
        elif traceback is not None:
            cleaned["exception"] = self._value(traceback)
        return cleaned

    def text(self, text: str) -> str:
        """One line without secrets and without anything that steers a terminal or ends the line."""
        if self._values is not None:
            text = self._values.sub(HIDDEN, text)
        if "://" in text:
            text = _URL_PASSWORD.sub(rf"\g<1>{HIDDEN}@", text)
        if "=" in text or ":" in text:
            text = _NAMED_PASSWORD.sub(rf"\g<1>{HIDDEN}", text)
        return text if text.isprintable() else _UNSAFE.sub(_escape, text)

    def _mapping(self, mapping: Mapping[Any, Any]) -> dict[str, Any]:
        cleaned = {}
        for key, value in mapping.items():
            name, hidden = self._key(key if type(key) is str else str(key))
            cleaned[name] = HIDDEN if hidden and value else self._value(value)
        return cleaned

    def _key_uncached(self, key: str) -> tuple[str, bool]:
        return self.text(key), _SECRET_KEY.search(key) is not None

    def _value(self, value: Any) -> Any:
        if type(value) is str:  # nearly all values: spare them the match
            return self.text(value)
        match value:
            case None | bool() | float():
                return value
            case int():
                return value if abs(value) < 2**63 else str(value)  # orjson's limit
            case Mapping():
                return self._mapping(value)
            case list() | tuple() | set() | frozenset():
                return [self._value(item) for item in value]
            case _:
                return self.text(_written(value))


def _written(value: Any) -> str:
    """As text; pydantic's secrets hide themselves."""
    match value:
        case str() | date() | Decimal() | UUID() | PurePath():
            return str(value)
        case BaseException():
            return f"{type(value).__name__}: {value}"
        case _:
            return repr(value)


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


class Stderr:
    """The last station: a line to stderr. A log that cannot be written must not end a call."""

    _lock = threading.Lock()

    def msg(self, line: str) -> None:
        """Write one line; stderr is looked up each time, because tests and terminals exchange it."""
        try:
            with self._lock:
                sys.stderr.write(line + "\n")
                sys.stderr.flush()
        except (OSError, ValueError):  # closed, full, or a pipe without a reader
            return

    debug = info = warning = error = critical = exception = msg


class FromStandardLibrary(logging.Handler):
    """Records of libraries take the same way as our own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)  # a library's wrong format is no reason to lose what it said
        level = min(logging.CRITICAL, max(logging.DEBUG, record.levelno // 10 * 10))
        structlog.get_logger().log(level, message, logger=record.name, exc_info=record.exc_info)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody caught is logged like everything else, with secrets taken out."""
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger().critical("uncaught", exc_info=(kind, error, trace))

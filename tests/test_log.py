"""Logs: readable by machines, without secrets, not forgeable by callers."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from vorzimmer import log

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """What the set-up changes for the whole process is put back."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """The JSON lines written since the last look."""

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return read


def test_json_line_with_the_call_bound(lines: Lines) -> None:
    """Off a terminal an event is one JSON object with UTC milliseconds, level, and what the call's task has bound."""
    log.configure(terminal=False)
    with structlog.contextvars.bound_contextvars(call_id="c1", client="kanzlei", did="+4989123"):
        structlog.get_logger().info("call.answered", by="anna", seconds=Decimal("1.250"), at=Path("/x"))
    (line,) = lines()
    at = datetime.fromisoformat(line.pop("timestamp"))
    assert at.tzinfo == UTC
    assert at.microsecond % 1000 == 0
    assert line == {
        "event": "call.answered",
        "level": "info",
        "call_id": "c1",
        "client": "kanzlei",
        "did": "+4989123",
        "by": "anna",
        "seconds": "1.250",
        "at": "/x",
    }


def test_level_filters(lines: Lines) -> None:
    """Below the chosen level nothing is written; an unknown level is refused."""
    log.configure("warning", terminal=False)
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines()] == ["loud"]
    with pytest.raises(ValueError, match="no log level 'noisy'"):
        log.configure("noisy")


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "hunter22"},
        {"smtp_password": "hunter22"},
        {"Authorization": "Basic hunter22"},
        {"settings": {"ari": {"password": "hunter22", "user": "x"}}},
        {"items": [{"api_key": "hunter22"}]},
        {"value": SecretStr("hunter22")},
        {"dsn": "postgresql://vorzimmer:hunter22@db/vorzimmer"},
        {"problem": "cannot connect to postgresql://vorzimmer:hun@ter22@db:5432/x"},
        {"problem": "host=db user=x password=hunter22 dbname=y"},
        {"problem": "Fail to send {'Secret': 'hunter22'}"},
        {"problem": ValueError("wrong: s3cr3t-of-ari")},
        {"thing": object},
        {"s3cr3t-of-ari": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("terminal", [True, False])
def test_no_secret_is_written(fields: dict[str, Any], terminal: bool, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: FBT001 - parametrised
    """Secrets are hidden by key, by the look of a URL or a setting, and by their value wherever it turns up."""
    log.configure(terminal=terminal, secrets=["s3cr3t-of-ari", ""])
    structlog.get_logger().info("event", **fields)
    written = capsys.readouterr().err
    assert "event" in written
    assert not [secret for secret in ("hunter22", "ter22", "s3cr3t-of-ari") if secret in written]


@pytest.mark.parametrize("terminal", [True, False])
def test_exception_without_local_variables(terminal: bool, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: FBT001 - parametrised
    """A traceback names files and lines, and neither local variables nor a secret of the message."""
    log.configure(terminal=terminal)

    def fail() -> None:
        local = "only-in-a-local-variable".upper()
        raise RuntimeError(f"{len(local)} postgresql://u:hunter22@h/d\x1b[2J")

    try:
        fail()
    except RuntimeError:
        structlog.get_logger().exception("failed")
    written = capsys.readouterr().err
    assert "RuntimeError" in written
    assert "test_log.py" in written
    assert "ONLY-IN-A-LOCAL" not in written
    assert "hunter22" not in written
    assert "\x1b[2J" not in written


@pytest.mark.parametrize("terminal", [True, False])
def test_caller_cannot_forge_a_line(terminal: bool, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: FBT001 - parametrised
    """Line breaks, terminal codes, marks of direction and lone surrogates in a value stay inside its line, visible."""
    log.configure(terminal=terminal)
    evil = "a\r\nb\x1b[2J\x9b1m\u2028\u202e\ud800"
    structlog.get_logger().info("call", caller_name=evil, **{"x\n": 1})
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 1
    for character in "\r\x9b\u2028\u202e\ud800":
        assert character not in written
    assert "[2J" in written
    assert "\x1b[2J" not in written


def test_libraries_take_the_same_way(lines: Lines) -> None:
    """The standard library's records become the same JSON, from warning on, even with a wrong format or level."""
    log.configure(terminal=False)
    library = logging.getLogger("some.library")
    library.info("chatter")
    library.warning("lost %s", "postgresql://u:hunter22@h/d")
    library.error("wrong %d", "x")
    library.log(35, "odd level")
    written = [(line["event"], line["level"], line["logger"]) for line in lines()]
    assert written == [
        ("lost postgresql://u:[hidden]@h/d", "warning", "some.library"),
        ("wrong %d", "error", "some.library"),
        ("odd level", "warning", "some.library"),
    ]


def test_warnings_and_uncaught_exceptions_are_logged(lines: Lines) -> None:
    """Python's own complaints do not break the stream of JSON lines either."""
    log.configure(terminal=False, secrets=["hunter22"])
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        log.configure(terminal=False, secrets=["hunter22"])
        warnings.warn("old thing", stacklevel=1)
        logging.captureWarnings(capture=False)
    error = RuntimeError("nobody caught hunter22")
    sys.excepthook(RuntimeError, error, None)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    warned, uncaught = lines()
    assert "old thing" in warned["event"]
    assert uncaught["event"] == "uncaught"
    assert uncaught["exception"][0]["exc_value"] == "nobody caught [hidden]"


def test_unwritable_stderr_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed stderr loses the line, not the call that wrote it."""
    log.configure(terminal=False)
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    structlog.get_logger().info("lost")


def test_values_of_every_kind_are_written(lines: Lines) -> None:
    """Numbers beyond 64 bit, bytes, sets, times and foreign objects do not break a line."""
    log.configure(terminal=False)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    structlog.get_logger().info("x", big=2**70, raw=b"\xff", many={1}, at=at, none=None, yes=True, f=0.5, d={1: at})
    (line,) = lines()
    assert line["big"] == str(2**70)
    assert line["raw"] == "b'\\xff'"
    assert line["many"] == [1]
    assert line["at"] == "2026-03-01 00:00:00+00:00"
    assert line["d"] == {"1": "2026-03-01 00:00:00+00:00"}
    assert (line["none"], line["yes"], line["f"]) == (None, True, 0.5)

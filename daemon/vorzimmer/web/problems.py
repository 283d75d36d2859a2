"""What a page or a program is told when something cannot be done: a code for programs, a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from vorzimmer.control.client import Unreachable
from vorzimmer.control.commands import Refused
from vorzimmer.web.problem import Problem

__all__ = ["UNKNOWN", "Problem", "ProblemAnswer", "Told", "answer_of", "install", "told", "unknown"]


class Told(BaseModel):
    """What stands in the answer."""

    code: str
    text: str
    fields: dict[str, str] | None = None


class ProblemAnswer(BaseModel):
    """Every answer but 2xx."""

    error: Told


UNKNOWN = "unknown"
"""The code of whatever does not exist, or is not this person's: the two are not told apart."""


def unknown() -> Problem:
    """There is no such thing, or it is somebody else's."""
    return Problem(404, UNKNOWN, "there is no such thing here")


def told(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the description of a route: these answers are problems."""
    return {status: {"model": ProblemAnswer} for status in statuses}


def install(app: FastAPI) -> None:
    """Answer every failure in the same form."""

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return answer_of(error)

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        return _answer(_status_of(error.code), error.code, error.text)

    @app.exception_handler(Unreachable)
    async def unreachable(_: Request, error: Unreachable) -> JSONResponse:
        return _answer(503, "calls_away", str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        wrong = {".".join(map(str, one["loc"][1:])) or "body": str(one["msg"]) for one in error.errors()}
        first = next(iter(wrong.items()), ("body", "wrong"))
        return _answer(422, "bad_request", f"{first[0]}: {first[1]}", fields=wrong)

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        return _answer(error.status_code, _CODES.get(error.status_code, "http"), str(error.detail), error.headers)


def answer_of(problem: Problem) -> JSONResponse:
    """The answer that a problem is."""
    return _answer(problem.status, problem.code, problem.text, problem.headers, **problem.more)


_CODES = {404: UNKNOWN, 405: "bad_method", 413: "too_long"}


def _status_of(code: str) -> int:
    if code.startswith("unknown_"):
        return 404
    return {"bad_request": 422, "database_away": 503, "failed": 500, "busy": 503}.get(code, 409)


def _answer(status: int, code: str, text: str, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "text": text, **more}}, status, dict(headers or {}))

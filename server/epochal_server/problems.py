"""Errors as an HTTP client gets them: problem details of RFC 9457, with what is wrong, where, and the way out."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from epochal.errors import BadValueError, EpochalError, RunNotFoundError, WhereError


class Problem(Exception):
    """Something that a request cannot have.

    Attributes:
        status: of the response.
        title: what is wrong, in a few words.
        more: further members, such as `detail` (a sentence with the way out) and `at` (a place in a text).
    """

    def __init__(self, status: int, title: str, **more: Any) -> None:
        super().__init__(title)
        self.status, self.title, self.more = status, title, more

    def response(self) -> Response:
        """Return it as `application/problem+json`."""
        return JSONResponse(
            {"type": "about:blank", "title": self.title, "status": self.status, **self.more},
            status_code=self.status,
            media_type="application/problem+json",
        )


def not_found(what: str) -> Problem:
    """Return the problem of something that is not there."""
    return Problem(404, "not found", detail=what)


async def answer_problem(_: Request, error: Exception) -> Response:
    """Answer a request whose handler raised, whatever it was."""
    return as_problem(error).response()


def as_problem(error: Exception) -> Problem:
    """Return what an HTTP client is told of an error."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, WhereError):
        return Problem(400, "the filter cannot be understood", detail=str(error))
    if isinstance(error, RunNotFoundError):
        return not_found(str(error))
    if isinstance(error, BadValueError):
        return Problem(400, "a value cannot be used", detail=str(error))
    if isinstance(error, EpochalError):
        return Problem(409, "this cannot be done", detail=str(error))
    if isinstance(error, HTTPException):
        return Problem(error.status_code, str(error.detail).lower())
    return Problem(500, "the server failed", detail=f"{type(error).__name__}: {error}")


#: For `Starlette(exception_handlers=…)`.
HANDLERS = dict.fromkeys((Problem, EpochalError, HTTPException), answer_problem)

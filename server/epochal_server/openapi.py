"""The HTTP API's own description (OpenAPI 3.1), gathered from what stands beside each handler."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from epochal.version import __version__

Schema = Mapping[str, Any]
Handler = Callable[[Request], Awaitable[Response]]
_H = TypeVar("_H", bound=Callable[..., Any])

_ATTRIBUTE: Final = "__epochal_operation__"

PROBLEM: Final[Schema] = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "what is wrong, in a few words"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "a sentence with the place and the way out"},
        "input": {"type": "string", "description": "the input that cannot be used"},
        "at": {"type": "integer", "description": "a place in a text, in characters"},
    },
}


_PROBLEMS: Final[Mapping[int, str]] = {
    400: "an input cannot be used: `input` names it",
    401: "no token",
    403: "not allowed: another site asks, or nothing may be changed",
    404: "there is no such run, name or file",
    409: "it cannot be done as things stand, such as with a file that was changed since",
    413: "too large: a body that is sent, or a file that is to be read",
    415: "the body is not sent as application/json",
    421: "the Host header names another server",
}


class Operation(NamedTuple):
    """What is said of a handler.

    Attributes:
        summary: one line.
        body: JSON Schema of the request's body, None where it has none.
        query: JSON Schemas of the query's parameters, by name; those in `required` must be there.
        required: names of the query's parameters that must be there.
        answer: JSON Schema of the answer, where it is JSON.
        media_type: of the answer.
        also: other media types that it can answer in, where it is asked to.
        problems: the statuses of the problems that it can answer with.
    """

    summary: str
    body: Schema | None = None
    query: Mapping[str, Schema] = {}
    required: tuple[str, ...] = ()
    answer: Schema | None = None
    media_type: str = "application/json"
    also: tuple[str, ...] = ()
    problems: tuple[int, ...] = (400, 401, 403, 404, 409, 413, 421)


def documented(
    summary: str,
    *,
    body: Schema | None = None,
    query: Mapping[str, Schema] | None = None,
    required: Iterable[str] = (),
    answer: Schema | None = None,
    media_type: str = "application/json",
    also: Iterable[str] = (),
) -> Callable[[_H], _H]:
    """Say what a handler takes and gives, for `/api/openapi.json`."""

    def mark(handler: _H) -> _H:
        said = Operation(summary, body, query or {}, tuple(required), answer, media_type, tuple(also))
        setattr(handler, _ATTRIBUTE, said)
        return handler

    return mark


def describe(routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """Return the OpenAPI document of all documented routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = getattr(getattr(route, "endpoint", None), _ATTRIBUTE, None)
        if not isinstance(route, Route) or operation is None:
            continue
        for method in sorted((route.methods or set()) - {"HEAD"}):
            paths.setdefault(_plain(route.path), {})[method.lower()] = _operation(route, operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Epochal",
            "version": __version__,
            "description": "What the dashboard asks of `epochal ui`. Send the token as `Authorization: Bearer TOKEN`.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": PROBLEM},
        },
        "security": [{"token": []}],
    }


def _operation(route: Route, operation: Operation) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)", route.path)
    ]
    parameters += [
        {"name": name, "in": "query", "required": name in operation.required, "schema": dict(schema)}
        for name, schema in operation.query.items()
    ]
    content: dict[str, Any] = {operation.media_type: {"schema": operation.answer} if operation.answer else {}}
    content |= {media_type: {"schema": {"type": "string"}} for media_type in operation.also}
    responses: dict[str, Any] = {"200": {"description": "as asked", "content": content}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    problems = (*operation.problems, *((415,) if operation.body is not None else ()))
    responses |= {str(status): {"description": _PROBLEMS[status], "content": problem} for status in sorted(problems)}
    found: dict[str, Any] = {"summary": operation.summary, "parameters": parameters, "responses": responses}
    if operation.body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": operation.body}}}
    return found


def _plain(path: str) -> str:
    return re.sub(r"{(\w+):\w+}", r"{\1}", path)

"""The one shape of an error: ``{"error": {"status", "code", "message"}}``."""

from __future__ import annotations

from http import HTTPStatus

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """What went wrong.

    Attributes:
        status: of HTTP.
        code: a word that programs can compare.
        message: for a person: what is wrong, and what to do.
    """

    status: int
    code: str
    message: str


class FaultBody(msgspec.Struct, frozen=True):
    """The body of every answer that tells of an error."""

    error: Fault


class WebError(Exception):
    """Something that the client asked for can't be given.

    Args:
        status: of HTTP.
        code: a word that programs can compare.
        message: for a person.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(status, code, message)


def fault_of(status: int, message: str = "") -> Fault:
    """A fault by its status alone."""
    try:
        known = HTTPStatus(status)
    except ValueError:
        known = HTTPStatus.INTERNAL_SERVER_ERROR
    return Fault(
        status, known.phrase.lower().replace(" ", "-").replace("'", ""), message or known.description
    )


def encoded(fault: Fault) -> bytes:
    """A fault as JSON."""
    return msgspec.json.encode(FaultBody(fault))


def not_found(what: str) -> WebError:
    """There is nothing of that name."""
    return WebError(404, "not-found", what)


def bad(message: str) -> WebError:
    """The question can't be understood."""
    return WebError(400, "bad-request", message)


def too_late() -> WebError:
    """The answer took too long."""
    return WebError(503, "too-slow", "this took too long; ask for less at once")

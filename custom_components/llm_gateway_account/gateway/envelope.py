"""What an answer holds: `data`, or what it means that there is none."""

from collections.abc import Mapping
import json
from typing import Any, NoReturn

from .errors import (
    AbsentError,
    InvalidAnswerError,
    TokenRefusedError,
    WebPageError,
)
from .protection import is_page, start_of
from .refusals import error_from_envelope, is_absent
from .transport import Answer


def book_of(answer: Answer) -> Any:
    """Return `data` of whatever kind, or raise what status and body mean together.

    Raises AbsentError where the gateway does not have the path.
    """
    if answer.status in {404, 405} or is_page(answer.body):
        raise AbsentError(f"the gateway has no such page (HTTP {answer.status})")
    envelope = object_of(answer)
    if _is_good(answer.status, envelope) and "data" in envelope:
        return envelope["data"]
    if is_absent(envelope):
        raise AbsentError("the gateway says that it has no such page")
    raise error_from_envelope(answer.status, envelope)


def data_of(answer: Answer) -> dict[str, Any]:
    """Return the `data` object, or raise what status and body mean together.

    The family answers a bad token with HTTP 200.
    """
    envelope = object_of(answer)
    data = envelope.get("data")
    if _is_good(answer.status, envelope) and isinstance(data, dict):
        return data
    raise error_from_envelope(answer.status, envelope)


def _is_good(status: int, envelope: Mapping[str, Any]) -> bool:
    return status == 200 and envelope.get("success") is True


def object_of(answer: Answer) -> dict[str, Any]:
    """Return the object that an answer is, or raise what it means that it is none."""
    status, body = answer
    if not start_of(body).startswith(b"{"):
        if status == 401:
            raise TokenRefusedError("the access token is refused (HTTP 401)")
        if is_page(body):
            raise WebPageError(f"a web page instead of the API (HTTP {status})")
        raise InvalidAnswerError(f"the answer is not JSON (HTTP {status})")
    return _parse(body)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(
            body.decode("utf-8-sig"),
            parse_constant=_refuse_constant,
            object_hook=_let_others_run,
        )
    except ValueError, RecursionError:
        answer = None
    # Raised out here because a decoder's error holds the whole body.
    if not isinstance(answer, dict):
        raise InvalidAnswerError("the answer is not valid JSON")
    return answer


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _let_others_run(value: dict[str, Any]) -> dict[str, Any]:
    """Return an object as it is.

    Without a call into Python now and then, reading a long answer beside the event
    loop would stop the loop all the same.
    """
    return value

"""Parameters that a form or a client sends: refused where one holds a secret, before they are kept.

Prefect writes the parameters of a run to its database as they come; that `NightlyConfig` refuses
them when the run starts is too late for that.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tasks.boundary.secret_urls import has_secret

_KEPT: Final = ("/api/deployments", "/api/flow_runs")
"""Where requests come in whose parameters Prefect keeps."""

_PARAMETERS: Final = "parameters"

_REFUSED: Final = (
    "a parameter holds a URL with a password, token, key or signature, and Prefect would keep it:"
    " hand the secret to fsspec in its environment variables instead (docs/deploying.md)"
)


def without_secrets(app: ASGIApp) -> ASGIApp:
    """Return an application that refuses parameters with a secret in them."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if not _keeps_parameters(scope):
            await app(scope, receive, send)
            return
        messages = await _received(receive)
        body = b"".join(message.get("body", b"") for message in messages)
        if any(has_secret(text) for text in _texts_in_parameters(body)):
            refused = JSONResponse({"detail": _REFUSED}, HTTPStatus.UNPROCESSABLE_ENTITY)
            await refused(scope, receive, send)
            return
        await app(scope, _replayed(messages, receive), send)

    return checked


def _keeps_parameters(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] in {"POST", "PUT", "PATCH"}
        and scope["path"].startswith(_KEPT)
    )


async def _received(receive: Receive) -> list[Message]:
    """Receive a whole request."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _replayed(messages: list[Message], receive: Receive) -> Receive:
    """Return what hands out messages that were received, and then all that come after them."""
    waiting = iter(messages)

    async def again() -> Message:
        message = next(waiting, None)
        return await receive() if message is None else message

    return again


def _texts_in_parameters(body: bytes) -> Iterator[str]:
    """Yield every text, keys too, in the parameters of a request, those of schedules among them.

    A body that is not JSON has none; Prefect refuses it.
    """
    with suppress(ValueError, RecursionError):
        waiting: list[tuple[Any, bool]] = [(json.loads(body), False)]
        while waiting:
            value, is_kept = waiting.pop()
            if isinstance(value, str) and is_kept:
                yield value
            elif isinstance(value, list):
                waiting += [(it, is_kept) for it in value]
            elif isinstance(value, dict):
                waiting += [(key, is_kept) for key in value]
                waiting += [(it, is_kept or key == _PARAMETERS) for key, it in value.items()]

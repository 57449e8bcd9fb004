"""Parameters with a secret never reach Prefect, which would keep them."""

import asyncio
import json
from typing import Any

import pytest

from flows.prefect_home.parameters import without_secrets

SECRET = "https://user:hunter2@example.org/feed.jsonl"
RUN = "/api/deployments/0123/create_flow_run"


class Prefect:
    """Stand for Prefect's application: note what comes in."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 201, "headers": []})


def status(prefect: Prefect, body: bytes, path: str = RUN, method: str = "POST") -> int:
    """Send a request in two parts; return the status of the answer."""
    parts = [
        {"type": "http.request", "body": body[:10], "more_body": True},
        {"type": "http.request", "body": body[10:]},
    ]
    waiting, sent = iter(parts), []

    async def receive() -> Any:
        return next(waiting)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": []}
    asyncio.run(without_secrets(prefect)(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (RUN, {"parameters": {"config": {"feed": SECRET}}}),
        (RUN, {"parameters": {"config": {"feeds": [["a"], [SECRET]]}}}),
        (RUN, {"parameters": {"config": {SECRET: 1}}}),
        ("/api/flow_runs/", {"flow_id": "1", "parameters": {"feed": SECRET}}),
        ("/api/deployments/", {"name": "x", "parameters": {"feed": SECRET}}),
        ("/api/deployments/0123/schedules", [{"active": True, "parameters": {"feed": SECRET}}]),
    ],
)
def test_parameters_with_a_secret_are_refused_and_not_repeated(path: str, body: Any) -> None:
    prefect = Prefect()
    assert status(prefect, json.dumps(body).encode(), path) == 422
    assert prefect.bodies == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"parameters": {"config": {"feed": "https://example.org/feed.jsonl"}}}',
        b'{"parameters": {}}',
        # Not a parameter: the message of a state is masked where it is made.
        json.dumps({"state": {"message": SECRET}}).encode(),
        b"this is not JSON",
        b"[" * 100_000,
    ],
)
def test_everything_else_reaches_prefect_byte_for_byte(body: bytes) -> None:
    prefect = Prefect()
    assert status(prefect, body) == 201
    assert prefect.bodies == [body]


def test_what_prefect_does_not_keep_is_not_looked_at() -> None:
    prefect, body = Prefect(), json.dumps({"parameters": {"feed": SECRET}}).encode()
    assert status(prefect, body, "/api/logs/filter") == 201
    assert status(prefect, body, RUN, "GET") == 201

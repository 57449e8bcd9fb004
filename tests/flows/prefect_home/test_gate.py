"""Who the server of a store answers: a client or a browser with its key, and nobody else."""

import asyncio
from typing import Any

import pytest

from flows.prefect_home.gate import guarded_app

KEY, PORT = "s3cret-key", 4200
OWN = {"host": "127.0.0.1:4200"}
PAGE = {"accept": "text/html,*/*", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
BEARER = {"authorization": f"Bearer {KEY}"}
COOKIE = {"cookie": f"other=1; nightfold-{PORT}={KEY}"}


async def inner(scope: Any, _receive: Any, send: Any) -> None:
    """Stand for Prefect's application, which answers everybody."""
    kind = "websocket.accept" if scope["type"] == "websocket" else "http.response.start"
    await send({"type": kind, "status": 200, "headers": []})


def answer(
    headers: dict[str, str], path: str = "/api/flow_runs/filter?key=x", method: str = "POST"
) -> Any:
    """Send a request (of method "" for a WebSocket); return the first message of the answer."""
    target, _, query = path.partition("?")
    scope = {
        "type": "http" if method else "websocket",
        "scheme": "http",
        "server": ("127.0.0.1", PORT),
        "path": target,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    } | ({"method": method} if method else {})
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read of what is refused")

    asyncio.run(guarded_app(inner, KEY, PORT)(scope, receive, send))
    return sent[0]


def status(headers: dict[str, str], **request: Any) -> int:
    return int(answer(OWN | headers, **request).get("status", 0))


@pytest.mark.parametrize("key", [BEARER, COOKIE])
@pytest.mark.parametrize("host", ["127.0.0.1:4200", "localhost:4200", "127.0.0.1:9000"])
def test_whoever_has_the_key_is_answered(key: dict[str, str], host: str) -> None:
    own_page = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    assert status(key) == 200
    assert status(key | own_page) == 200
    assert answer(key | own_page, method="")["type"] == "websocket.accept"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Basic {KEY}"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer clé"},
        {"cookie": f"nightfold-4201={KEY}"},
        {"cookie": f"nightfold-{PORT}="},
    ],
)
def test_without_the_key_nothing_is_answered(given: dict[str, str]) -> None:
    assert status(given) == 401
    assert answer(OWN | given, method="")["type"] == "websocket.http.response.start"


@pytest.mark.parametrize(
    "foreign",
    [
        {"host": "evil.example:4200"},
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example:4200"},
        {"host": "192.0.2.7:4200"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:8777"},
        {"origin": "http://localhost:4200"},
        {"origin": "https://127.0.0.1:4200"},
        {"origin": "null"},
        {"origin": "file://"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH", "OPTIONS", ""])
@pytest.mark.parametrize("body", [{}, {"content-type": "text/plain"}])
def test_another_origin_is_refused_even_with_the_key(
    foreign: dict[str, str], method: str, body: dict[str, str]
) -> None:
    said = answer(OWN | COOKIE | BEARER | body | foreign, method=method)
    assert said.get("status") in {400, 403}
    assert not any(name.startswith(b"access-control") for name, _ in said["headers"])


def test_a_browser_signs_in_by_the_address_and_the_key_leaves_it() -> None:
    said = answer(OWN | PAGE, path=f"/?key={KEY}", method="GET")
    headers = dict(said["headers"])
    assert (said["status"], headers[b"location"]) == (303, b"/")
    cookie = headers[b"set-cookie"].decode()
    assert cookie.startswith(f"nightfold-{PORT}={KEY};")
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()
    assert status(COOKIE | PAGE, path=f"/?key={KEY}", method="GET") == 303


@pytest.mark.parametrize(("path", "target"), [("/v2/runs", b"/v2/runs"), ("//e.org", b"/e.org")])
def test_a_browser_is_led_to_the_page_that_it_asked_for(path: str, target: bytes) -> None:
    said = answer(OWN | PAGE, path=f"{path}?key={KEY}", method="GET")
    assert dict(said["headers"])[b"location"] == target


def test_a_browser_without_the_key_sees_where_it_is() -> None:
    for path in ("/", "/?key=wrong", "/v2/runs"):
        said = answer(OWN | PAGE, path=path, method="GET")
        assert (said["status"], dict(said["headers"])[b"content-type"]) == (
            401,
            b"text/html; charset=utf-8",
        )


def test_a_link_of_another_origin_may_be_followed_but_not_framed() -> None:
    link = COOKIE | PAGE | {"sec-fetch-site": "cross-site"}
    assert status(link, path="/v2/runs", method="GET") == 200
    assert status(link | {"sec-fetch-dest": "iframe"}, path="/v2/runs", method="GET") == 403
    # A form of another origin navigates, too.
    assert status(link, method="POST") == 403

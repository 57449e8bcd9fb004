"""Who may talk to a store's Prefect server: whoever holds its key, and no page of another origin.

Prefect's own application answers everybody who reaches it: any page in a browser on this machine,
under any name that resolves to it, and every other user of the machine.
"""

import secrets
from http import HTTPStatus
from typing import Final

from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

HOSTS: Final = ["127.0.0.1", "localhost"]
"""Names that a browser may use. A page can make any other name resolve to this machine."""

_KEY: Final = "key"

_SIGN_IN: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>nightfold</title></head>
<body style="font-family: sans-serif; max-width: 36em; margin: 4em auto; line-height: 1.5">
<h1>Prefect UI of a nightfold store</h1>
<p>This server answers only those who have the key of its store. <code>nightfold ui</code> prints it
as part of the address; it is kept in <code>state/prefect/ui.key</code> in the store's folder.</p>
<form><input type="password" name="key" aria-label="key" size="50" autofocus>
<button>Open</button></form>
</body></html>
"""


def guarded_app(app: ASGIApp, key: str, port: int) -> ASGIApp:
    """Return an application behind the checks of host, origin and key.

    Parameters
    ----------
    app
        What is guarded.
    key
        Who sends it is let in.
    port
        On which the server listens: browsers share cookies between the ports of a host.
    """
    return TrustedHostMiddleware(_Gate(app, key, f"nightfold-{port}"), allowed_hosts=HOSTS)


class _Gate:
    """Answer a request that may not pass, and hand on every other."""

    def __init__(self, app: ASGIApp, key: str, cookie: str) -> None:
        self._app, self._key, self._cookie = app, key.encode(), cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer(HTTPConnection(scope)) if scope["type"] != "lifespan" else None
        await (answer or self._app)(scope, receive, send)

    def _answer(self, request: HTTPConnection) -> Response | None:
        if _is_foreign(request):
            return PlainTextResponse("refused: another origin asks", HTTPStatus.FORBIDDEN)
        is_page = _is_navigation(request)
        if is_page and self._is_key(request.query_params.get(_KEY)):
            return self._signed_in(request.url.path)
        if self._is_key(_bearer(request)) or self._is_key(request.cookies.get(self._cookie)):
            return None
        if is_page:
            return HTMLResponse(_SIGN_IN, HTTPStatus.UNAUTHORIZED)
        return PlainTextResponse("refused: the key is missing", HTTPStatus.UNAUTHORIZED)

    def _is_key(self, given: str | None) -> bool:
        return given is not None and secrets.compare_digest(given.encode(), self._key)

    def _signed_in(self, path: str) -> Response:
        """Return the answer that keeps the key in a cookie and takes it out of the address."""
        # Two slashes at the start would name another host.
        answer = RedirectResponse(f"/{path.lstrip('/')}", HTTPStatus.SEE_OTHER)
        # Not "strict": the first page is reached by a link, and its redirection would come without.
        answer.set_cookie(self._cookie, self._key.decode(), httponly=True, samesite="lax")
        return answer


def _bearer(request: HTTPConnection) -> str | None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given if scheme.lower() == "bearer" else None


def _is_foreign(request: HTTPConnection) -> bool:
    """Return whether a page of another origin sent the request, other than by a link."""
    headers = request.headers
    if headers.get("origin", _own_origin(request)) != _own_origin(request):
        return True
    site = headers.get("sec-fetch-site", "none")
    return site not in {"same-origin", "none"} and not _is_navigation(request)


def _own_origin(request: HTTPConnection) -> str:
    return f"http://{request.headers['host']}"


def _is_navigation(request: HTTPConnection) -> bool:
    """Return whether a person opens a page, in a window and not in a frame."""
    headers = request.headers
    return (
        request.scope.get("method") == "GET"
        and headers.get("sec-fetch-dest", "document") == "document"
        and "text/html" in headers.get("accept", "")
    )

import errno
import http.client
import io
import socket
import ssl
import urllib.error
from collections.abc import Callable
from email.message import Message
from typing import Any

import httpcore
import httpx
import httpx2
import pytest
import requests
import urllib3
from prefect.states import Failed

from tasks.boundary.transient import is_transient_error
from tasks.frame.stage import is_transient
from tasks.reading.sources.errors import FeedError

URL = "https://host.invalid/feed.jsonl"


def made(module: str, *names: str, base: type[Exception] = Exception, **fields: Any) -> Exception:
    """An error of a library that is not installed: its classes, the outermost last."""
    for name in names:
        base = type(name, (base,), {"__module__": module})
    error = base("from afar")
    for name, value in fields.items():
        setattr(error, name, value)
    return error


def http_errors(status: int) -> list[Exception]:
    """What each library raises for a status, as it spells it."""
    response = requests.Response()
    response.status_code = status
    asked = httpx.Request("GET", URL)
    code = {"ResponseMetadata": {"HTTPStatusCode": status}, "Error": {"Code": str(status)}}
    return [
        requests.HTTPError("no", response=response),
        httpx.HTTPStatusError("no", request=asked, response=httpx.Response(status)),
        urllib.error.HTTPError(URL, status, "no", Message(), io.BytesIO()),
        made("aiohttp.client_exceptions", "ClientError", "ClientResponseError", status=status),
        made("botocore.exceptions", "ClientError", response=code),
        made("gcsfs.retry", "HttpError", code=str(status)),
        made("azure.core.exceptions", "AzureError", "HttpResponseError", status_code=status),
        made("google.api_core.exceptions", "GoogleAPICallError", code=status),
    ]


def raised(act: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the library raises
        act()
    return caught.value


def refused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.mark.parametrize(
    "get", [requests.get, httpx.get, httpx2.get], ids=["requests", "httpx", "httpx2"]
)
def test_a_server_that_refuses_the_connection_is_asked_again(get: Callable[..., object]) -> None:
    assert is_transient_error(raised(lambda: get(f"http://127.0.0.1:{refused_port()}/")))


@pytest.mark.parametrize(
    "get", [requests.get, httpx.get, httpx2.get], ids=["requests", "httpx", "httpx2"]
)
def test_a_server_that_does_not_answer_is_asked_again(get: Callable[..., object]) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert is_transient_error(raised(lambda: get(url, timeout=0.1)))


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        OSError(errno.ENETUNREACH, "network is unreachable"),
        OSError(errno.EHOSTUNREACH, "no route to host"),
        requests.ReadTimeout("slow"),
        requests.exceptions.ChunkedEncodingError("broken off"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("the server hung up"),
        httpcore.ConnectTimeout("slow"),
        urllib3.exceptions.ProtocolError("the connection broke"),
        urllib3.exceptions.IncompleteRead(1, 2),
        urllib3.exceptions.MaxRetryError(None, URL, TimeoutError()),  # type: ignore[arg-type]
        http.client.IncompleteRead(b"", 3),
        made("aiohttp.client_exceptions", "ClientError", "ClientConnectionError", "ClientConnectorDNSError"),
        made("aiohttp.client_exceptions", "ClientError", "ClientPayloadError"),
        made("fsspec.exceptions", "FSTimeoutError", base=TimeoutError),
        made("botocore.exceptions", "BotoCoreError", "ConnectionError", "EndpointConnectionError"),
        made("botocore.exceptions", "HTTPClientError", "ReadTimeoutError"),
        made("botocore.exceptions", "ClientError", response={"Error": {"Code": "SlowDown"}}),
        made("paramiko.ssh_exception", "NoValidConnectionsError", base=OSError),
        made("paramiko.ssh_exception", "SSHException"),
        made("google.auth.exceptions", "GoogleAuthError", "TransportError"),
        made("azure.core.exceptions", "AzureError", "ServiceResponseError", "ServiceResponseTimeoutError"),
    ],
    ids=repr,
)  # fmt: skip
def test_hiccups_of_the_network_are_retried(error: Exception) -> None:
    assert is_transient_error(error)
    nothing: Any = None
    assert is_transient(nothing, nothing, Failed(data=error))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_server_that_is_overloaded_is_asked_again(status: int) -> None:
    assert [is_transient_error(error) for error in http_errors(status)] == [True] * 8


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 500])
def test_an_answer_that_will_stay_the_same_is_final(status: int) -> None:
    assert [is_transient_error(error) for error in http_errors(status)] == [False] * 8


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        requests.exceptions.SSLError("a certificate that nobody knows"),
        requests.exceptions.InvalidURL("no URL"),
        requests.exceptions.TooManyRedirects("in a circle"),
        httpx.UnsupportedProtocol("no such protocol"),
        ssl.SSLCertVerificationError("a certificate that nobody knows"),
        made("aiohttp.client_exceptions", "ClientConnectionError", "ClientSSLError"),
        made("botocore.exceptions", "BotoCoreError", "ConnectionError", "SSLError"),
        made("botocore.exceptions", "BotoCoreError", "NoCredentialsError"),
        made("paramiko.ssh_exception", "SSHException", "AuthenticationException"),
        made("elsewhere.errors", "Timeout"),
        made("elsewhere.errors", "Odd", status="503 or so", response={"Error": "text"}),
    ],
    ids=repr,
)
def test_what_will_fail_again_is_not_retried(error: Exception) -> None:
    assert not is_transient_error(error)


def test_a_file_that_is_missing_because_its_server_did_not_answer_is_asked_for_again() -> None:
    lost = FileNotFoundError(URL)
    assert not is_transient_error(lost)
    lost.__cause__ = made("aiohttp.client_exceptions", "ClientConnectionError")
    assert is_transient_error(lost)
    lost.__cause__.__cause__ = lost
    assert is_transient_error(lost)


def test_our_own_verdict_on_an_error_is_final() -> None:
    verdict = FeedError("no readable file")
    verdict.__cause__ = TimeoutError()
    assert not is_transient_error(verdict)

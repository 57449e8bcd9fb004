"""Errors after which another try may help: hiccups of the disk, the network and of remote stores.

The libraries that remote feeds are read with are known by name: none of them must be installed.
"""

import errno
import socket
from collections.abc import Iterator
from typing import Any, Final

_ERRNOS: Final = {
    errno.EAGAIN,
    errno.EBUSY,
    errno.EINTR,
    errno.EIO,
    errno.ESTALE,
    errno.ETIMEDOUT,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
}
_STATUSES: Final = {429, 502, 503, 504}
"""HTTP: too many requests, and servers that are down or slow behind their gateway."""

_NAMES: Final[dict[str, set[str]]] = {
    "requests": {"ConnectionError", "Timeout", "ChunkedEncodingError"},
    "urllib3": {
        "TimeoutError",
        "ProtocolError",
        "IncompleteRead",
        "NewConnectionError",
        "MaxRetryError",
    },
    "http": {"IncompleteRead"},
    "httpx": {"TimeoutException", "NetworkError", "RemoteProtocolError"},
    "httpx2": {"TimeoutException", "NetworkError", "RemoteProtocolError"},
    "httpcore": {"TimeoutException", "NetworkError", "RemoteProtocolError"},
    "httpcore2": {"TimeoutException", "NetworkError", "RemoteProtocolError"},
    "aiohttp": {"ClientConnectionError", "ClientPayloadError"},
    "botocore": {"ConnectionError", "HTTPClientError"},
    "paramiko": {"NoValidConnectionsError", "ChannelException"},
    "google": {"TransportError", "RetryError"},
    "azure": {"ServiceRequestError", "ServiceResponseError"},
}
"""Package → classes of errors that pass; a subclass passes too."""

_BARE: Final = {"SSHException"}
"""Of paramiko, for a connection that broke; its subclasses say what else was wrong."""

_LASTING: Final = {"SSLError", "ClientSSLError", "ServerFingerprintMismatch", "InvalidProxyURL"}
"""Subclasses of the above that say that the other side is not to be trusted: they stay."""

_CODES: Final = {"SlowDown", "Throttling", "ThrottlingException", "RequestTimeout"}
"""What S3 answers in its own words, some of it with status 400."""


def is_transient_error(error: BaseException) -> bool:
    """Return whether another try may help.

    The file systems of fsspec raise FileNotFoundError for a server that did not answer, with the
    reason as its cause: the whole chain of causes is looked at.
    """
    return any(_is_hiccup(it) for it in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    yield error
    seen = {id(error)}
    # A ValueError that was raised from another error is our own verdict on it.
    while isinstance(error, OSError) and error.__cause__ and id(error.__cause__) not in seen:
        error = error.__cause__
        seen.add(id(error))
        yield error


def _is_hiccup(error: BaseException) -> bool:
    if _LASTING & {it.__name__ for it in type(error).__mro__}:
        return False
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    if isinstance(error, OSError) and error.errno in _ERRNOS:
        return True
    return _is_known_by_name(error) or _status(error) in _STATUSES or _code(error) in _CODES


def _is_known_by_name(error: BaseException) -> bool:
    """Return whether the error's class, or one that it derives from, is in the list."""
    return type(error).__name__ in _BARE or any(
        it.__name__ in _NAMES.get(it.__module__.partition(".")[0], ()) for it in type(error).__mro__
    )


def _status(error: BaseException) -> int | None:
    """Find the HTTP status that an error carries, as the libraries spell it."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore
        metadata = response.get("ResponseMetadata")
        found: Any = metadata.get("HTTPStatusCode") if isinstance(metadata, dict) else None
    else:
        found = next(
            (
                status
                for holder, name in (
                    (response, "status_code"),
                    (error, "status_code"),
                    (error, "status"),
                    (error, "code"),
                )
                if (status := getattr(holder, name, None)) is not None
            ),
            None,
        )
    # gcsfs has its codes as text in some releases.
    return int(found) if str(found).isdigit() else None


def _code(error: BaseException) -> str | None:
    response = getattr(error, "response", None)
    told = response.get("Error") if isinstance(response, dict) else None
    return told.get("Code") if isinstance(told, dict) else None

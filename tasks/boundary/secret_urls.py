"""Secrets inside URLs: found before anything keeps the URL, and masked in the words of others."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from tasks.boundary.transient import is_transient_error
from validation.errors import NightfoldError

_LOGINS: Final = {"ftp", "ftps", "hdfs", "sftp", "smb", "ssh", "webhdfs"}
"""Schemes whose user part is the name of an account."""

_DATABASES: Final = {
    *("postgresql", "psycopg", "psycopg2", "asyncpg", "pg8000"),
    *("mysql", "mariadb", "mysqldb", "pymysql", "mysqlconnector", "mariadbconnector"),
    *("mssql", "pyodbc", "pymssql", "oracle", "oracledb"),
}
"""Databases and the drivers that follow them, as in postgresql+psycopg: the user part is a name."""

_WEB: Final = {"http", "https"}

_CONTAINERS: Final = {"abfs", "abfss", "wasb", "wasbs"}
"""Schemes that have the name of a container there: abfs://container@account.dfs.core.windows.net."""

_WORDS: Final = {
    "auth",
    "code",
    "jwt",
    "key",
    "oauth",
    "pass",
    "passwd",
    "pat",
    "pwd",
    "sas",
    "sig",
}
"""Words that in a parameter's name say that its value is a secret, where they stand alone."""

_STEMS: Final = re.compile(
    "accesskey|apikey|authkey|authorization|credential|password|secret|signature|token|bearer"
)
"""The same, wherever they stand."""

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# One slash is enough: what is meant as a URL and written wrongly holds the same secret.
_URL: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):/+(?P<rest>[^\s'\"<>]*)")
_MASK: Final = "***"


class MaskedError(NightfoldError, RuntimeError):
    """An error of a library that held a URL with secrets, in its words without them."""


@dataclass(frozen=True)
class _Parts:
    """A URL, cut where file systems cut it: the path of an object may hold any mark."""

    scheme: str
    user: str
    host: str
    path: str
    query: str

    @classmethod
    def of(cls, scheme: str, rest: str) -> "_Parts":
        # Not urllib.parse.urlsplit: it takes an @ after the first slash for a part of the path,
        # where a password with a slash has its end, and refuses brackets outright.
        before, mark, query = re.match(r"([^?#]*)([?#]?)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
        authority, slash, path = before.partition("/")
        user, _, host = authority.rpartition("@")
        return cls(scheme.rpartition("+")[2].lower(), user, host, slash + path, mark + query)

    def has_secret(self) -> bool:
        return self._has_secret_user() or any(map(_is_secret, _names(self.query)))

    def _has_secret_user(self) -> bool:
        user, host = _decoded(self.user), _decoded(self.host)
        if user or "@" in host:
            is_name = self.scheme in _LOGINS | _CONTAINERS | _DATABASES
            return not is_name or ":" in user or "@" in host
        # A password with a slash: `u:12/3@h` is cut like a host with a port, which the paths of
        # web pages may follow with an @ of their own.
        _, colon, port = re.sub(r"^\[[^]]*\]", "", host).partition(":")
        is_port = port.isdigit() and self.scheme in _WEB
        return bool(colon) and not is_port and "@" in self.path


def has_secret(feed: str) -> bool:
    """Return whether a path or URL holds a password, a token or a signature."""
    texts = (feed, _decoded(feed))
    found = (_Parts.of(*it.group("scheme", "rest")) for text in texts for it in _urls(text))
    return any(parts.has_secret() for parts in found)


def mask_secrets(text: str) -> str:
    """Mask, in every URL of a text, the user part and the query: a redirect may carry both."""
    return _URL.sub(_masked, text)


@contextmanager
def masked_errors() -> Iterator[None]:
    """Raise an error of a library without the secrets of the URLs in it.

    Prefect keeps the words of an error, and its traceback, in its database. Our own errors name
    the feed, which was looked at before.

    Raises
    ------
    MaskedError, ConnectionError
        In place of an error that holds such a URL; the latter where another try may help.
    """
    try:
        yield
    except NightfoldError:
        raise
    except Exception as error:
        words = mask_secrets(str(error))
        if words == str(error):
            raise
        kind = ConnectionError if is_transient_error(error) else MaskedError
        raise kind(f"{type(error).__name__}: {words}") from None


def _urls(text: str) -> Iterator[re.Match[str]]:
    """Find the URLs of a chain of them, and those inside of others."""
    position = 0
    while found := _URL.search(text, position):
        yield found
        position = found.end("scheme")


def _masked(found: re.Match[str]) -> str:
    parts = _Parts.of(*found.group("scheme", "rest"))
    slashes = found[0][len(found["scheme"]) + 1 : len(found[0]) - len(found["rest"])]
    user = f"{_MASK}@" if parts.user else ""
    host, path = parts.host, parts.path
    if not user and parts._has_secret_user():
        user, host, path = f"{_MASK}@", path.rpartition("@")[2], ""
    query = f"{parts.query[0]}{_MASK}" if parts.query[1:] else parts.query
    return f"{found['scheme']}:{slashes}{user}{host}{path}{query}"


def _names(query: str) -> list[str]:
    """List the names of a query's, or a fragment's, parameters."""
    pairs = parse_qsl(re.sub("[;#]", "&", query[1:]), keep_blank_values=True)
    return [name for name, _ in pairs]


def _is_secret(name: str) -> bool:
    words = {word.lower() for word in _WORD.findall(name)}
    return bool(words & _WORDS or _STEMS.search(re.sub("[^a-z]", "", name.lower())))


def _decoded(text: str) -> str:
    """Undo percent-encoding, however often it was applied (a URL in a URL in a URL: thrice)."""
    for _ in range(3):
        text = unquote_plus(text)
    return text

"""The objects of a store in an S3-compatible bucket, by s3fs as feeds are read with it.

Credentials and endpoint come from the environment and the files that botocore and fsspec read.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import fsspec
from fsspec.asyn import sync

from tasks.boundary.secret_urls import mask_secrets
from tasks.boundary.transient import is_transient_error
from tasks.store.bucket.objects import (
    BucketError,
    ConditionFailedError,
    Listed,
    NoConditionsError,
    Read,
)
from tasks.store.bucket.place import BucketPlace

T = TypeVar("T")

_WAITS: Final = (1.0, 4.0, 15.0)
"""Seconds before another try after a hiccup; s3fs has tried five times within a few by then."""

_IS_OTHERWISE: Final = {409, 412}
"""HTTP: a condition that fails, and two conditional puts at once, of which this one lost."""

_NO_BUCKET: Final = "NoSuchBucket"

_UNKNOWN: Final = {400, 405, 501}
"""HTTP: what servers answer to a header that they do not know, where they do not pass over it."""


class S3Objects:
    """The objects below a prefix of a bucket; see `Objects`.

    Raises
    ------
    BucketError
        If the library for it is not installed.
    """

    def __init__(self, place: BucketPlace) -> None:
        self.url = place.url
        self._bucket = place.bucket
        self._prefix = f"{place.prefix}/" if place.prefix else ""
        try:
            self._files: Any = fsspec.filesystem("s3")
        except ImportError as error:
            raise BucketError(
                f"{self.url} needs what reads s3:// and is not installed;"
                ' pip install "nightfold[s3]"'
            ) from error

    def listed(self) -> dict[str, Listed]:
        """List all objects below the prefix."""
        return {
            it["Key"].removeprefix(self._prefix): Listed(it["ETag"], it["Size"])
            for page in self._pages()
            for it in page.get("Contents", ())
        }

    def read(self, name: str) -> Read | None:
        """Read an object; None where there is none."""

        async def fetch() -> Read:
            answer = await self._files._call_s3("get_object", **self._named(name))
            async with answer["Body"] as body:
                content = await body.read()
            return Read(content, answer["ETag"], _age(answer))

        return self._patiently(lambda: sync(self._files.loop, fetch), "read", name)

    def put(self, name: str, content: bytes, replaces: str | None) -> str:
        """Write an object on a condition, and return its ETag; see `Objects`."""
        on = {"IfNoneMatch": "*"} if replaces is None else {"IfMatch": replaces}

        def write() -> str:
            try:
                answer = self._files.call_s3("put_object", **self._named(name), Body=content, **on)
            except OSError as error:
                if refusal := _refusal(error, is_new=replaces is None):
                    raise refusal from error
                raise
            return str(answer["ETag"])

        etag = self._patiently(write, "written", name)
        assert etag is not None, "a put has an answer"
        return etag

    def put_file(self, name: str, path: Path) -> None:
        """Write a file under a name that is that of its content."""
        target = f"{self._bucket}/{self._key(name)}"
        self._patiently(lambda: self._files.put_file(str(path), target), "written", name)

    def get_file(self, name: str, path: Path) -> bool:
        """Fetch an object into a file; return whether it was there."""

        def fetch() -> bool:
            self._files.get_file(f"{self._bucket}/{self._key(name)}", str(path))
            return True

        return bool(self._patiently(fetch, "read", name))

    def delete(self, name: str) -> None:
        """Delete an object, if it is there."""
        self._patiently(
            lambda: self._files.call_s3("delete_object", **self._named(name)), "deleted", name
        )

    def _key(self, name: str) -> str:
        return self._prefix + name

    def _named(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._key(name)}

    def _pages(self) -> Iterator[dict[str, Any]]:
        where: dict[str, Any] = {"Bucket": self._bucket, "Prefix": self._prefix}
        while True:
            page = self._patiently(
                lambda: self._files.call_s3("list_objects_v2", **where), "listed", ""
            )
            assert page is not None, "a listing has an answer"
            yield page
            if not page.get("IsTruncated"):
                return
            where["ContinuationToken"] = page["NextContinuationToken"]

    def _patiently(self, call: Callable[[], T], deed: str, name: str) -> T | None:
        """Make a request, once more after each hiccup; None where there is no such object."""
        with self._in_a_sentence(deed, name):
            for wait in _WAITS:
                try:
                    return call()
                except _failures() as error:
                    if not is_transient_error(error):
                        if isinstance(error, FileNotFoundError) and _code(error) != _NO_BUCKET:
                            return None
                        raise
                time.sleep(wait)
            return call()

    @contextmanager
    def _in_a_sentence(self, deed: str, name: str) -> Iterator[None]:
        try:
            yield
        except _failures() as error:
            said = mask_secrets(str(error)) or type(error).__name__
            raise BucketError(
                f"{self.url}{'/' if name else ''}{name} cannot be {deed}: {said}; nothing is lost:"
                " see that bucket, keys and network are as they should be, and run the same"
                " command again"
            ) from error


def _failures() -> tuple[type[Exception], ...]:
    """Return how requests fail: s3fs translates what a server answers, and not what keeps it away.

    Here, for the extra may not be installed: keys that are missing, an endpoint that nobody is at.
    """
    from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]

    return (OSError, BotoCoreError)


def _refusal(error: OSError, is_new: bool) -> Exception | None:
    """Return what a put was refused for, where its condition was the reason."""
    response = getattr(error.__cause__, "response", {})
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    # A server that looks for the ETag of an object that is gone has none to compare.
    if status in _IS_OTHERWISE or (status == 404 and not is_new and _code(error) == "NoSuchKey"):
        return ConditionFailedError(str(error))
    return NoConditionsError(f"{status} {error}") if status in _UNKNOWN else None


def _code(error: OSError) -> str | None:
    found: str | None = getattr(error.__cause__, "response", {}).get("Error", {}).get("Code")
    return found


def _age(answer: dict[str, Any]) -> float:
    """Return how many seconds ago an object was written; no clock of this machine counts."""
    now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    written: datetime = answer["LastModified"]
    return (now - written).total_seconds()

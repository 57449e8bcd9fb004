"""The face of a bucket: the few requests that a store makes of it, and how they fail."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from validation.errors import NightfoldError


class BucketError(NightfoldError, OSError):
    """A bucket that cannot be used; the message says what to do."""


class ConditionFailedError(Exception):
    """An object is not as a conditional put wants it to be."""


class NoConditionsError(Exception):
    """The server does not know conditional puts; the message is its answer."""


@dataclass(frozen=True)
class Listed:
    """What a listing tells of an object."""

    etag: str
    size: int


@dataclass(frozen=True)
class Read:
    """An object as it was read."""

    content: bytes
    etag: str
    age_seconds: float
    """Since it was written, by the clock of the server alone."""


class Objects(Protocol):
    """The objects of a store; their names are paths below its prefix."""

    url: str
    """Of the store, for people."""

    def listed(self) -> Mapping[str, Listed]:
        """List all objects below the prefix."""
        ...

    def read(self, name: str) -> Read | None:
        """Read an object; None where there is none."""
        ...

    def put(self, name: str, content: bytes, replaces: str | None) -> str:
        """Write an object on a condition, and return its ETag.

        Parameters
        ----------
        name, content
            Of the object.
        replaces
            The ETag that it must have now; None where it must not be there.

        Raises
        ------
        ConditionFailedError
            If it is otherwise; nothing is written.
        NoConditionsError
            If the server says that it knows no conditions.
        """
        ...

    def put_file(self, name: str, path: Path) -> None:
        """Write a file under a name that is that of its content."""
        ...

    def get_file(self, name: str, path: Path) -> bool:
        """Fetch an object into a file; return whether it was there."""
        ...

    def delete(self, name: str) -> None:
        """Delete an object, if it is there."""
        ...


def put_once(objects: Objects, name: str, content: bytes, replaces: str | None) -> str:
    """Write an object on a condition, and return its ETag; see `Objects.put`.

    Where the answer to a put was lost and it was sent again, its first try may stand there.
    """
    try:
        return objects.put(name, content, replaces)
    except ConditionFailedError:
        there = objects.read(name)
        if there is None or there.content != content:
            raise
        return there.etag

"""Where a store on a bucket is: its URL, and the working copy of it on this machine."""

import hashlib
import json
import os
import re
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasks.boundary.secret_urls import mask_secrets
from tasks.store.files import write_atomically
from validation.errors import BAD_USAGE, NightfoldError

COPIES: Final = "NIGHTFOLD_BUCKET_COPIES"
"""The variable that names the folder of all working copies."""

_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "FSSPEC_S3_ENDPOINT_URL")
"""Where a server other than Amazon's is named: the same URL is another store there."""

# `Path` makes one stroke of two.
_URL: Final = re.compile(r"s3:/{1,2}(?P<bucket>[^/]+)(?P<prefix>(/[^/]+)*)/?")
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_PART: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._=-]*")
"""Of a prefix: what no server, shell or file system reads as anything but a name."""


class BucketPlaceError(NightfoldError, ValueError):
    """A URL that is not that of a store on a bucket, or a working copy of another place."""

    exit_code = BAD_USAGE


@dataclass(frozen=True)
class BucketPlace:
    """Bucket and prefix of a store."""

    bucket: str
    prefix: str
    """Without a stroke at either end; empty where the whole bucket is the store."""

    @property
    def url(self) -> str:
        """The URL as a person writes it."""
        return "/".join(["s3:/", self.bucket, *([self.prefix] if self.prefix else [])])

    @property
    def folder_name(self) -> str:
        """What the folder of its working copy is called: readable, and of this server alone."""
        endpoint = next((os.environ[it] for it in _ENDPOINTS if os.environ.get(it)), "")
        digest = hashlib.sha256(f"{endpoint}\n{self.url}".encode()).hexdigest()
        last = self.prefix.rpartition("/")[2]
        return "-".join([self.bucket, *([last] if last else []), digest[:12]])


@dataclass(frozen=True)
class Origin:
    """Of what a folder is the working copy."""

    place: BucketPlace
    holder: str
    """Who holds the lease where a process on this folder does."""


def is_bucket_url(store: Path | str) -> bool:
    """Return whether a store is said to be on a bucket."""
    return str(store).partition("/")[0] == "s3:"


def place_of(store: Path | str) -> BucketPlace:
    """Return the bucket and the prefix that a URL names, also one that went through `Path`.

    Raises
    ------
    BucketPlaceError
        If it is no s3://bucket/prefix of plain names.
    """
    found = _URL.fullmatch(str(store))
    parts = found["prefix"].split("/")[1:] if found else []
    if not found or not _BUCKET.fullmatch(found["bucket"]) or not all(map(_PART.fullmatch, parts)):
        raise BucketPlaceError(
            "store must be a local folder or s3://bucket/prefix, of letters, digits and . _ - ="
            f" alone, got {mask_secrets(str(store))}"
        )
    return BucketPlace(found["bucket"], "/".join(parts))


def spelled(store: Path | str) -> str:
    """Return a store as a person writes it: a path, or a URL with both of its strokes."""
    return place_of(store).url if is_bucket_url(store) else str(store)


def root_of(store: Path | str) -> Path:
    """Return the folder that a store is worked on in: itself, or the working copy of a bucket.

    The working copy is made, empty, where there is none.
    """
    if not is_bucket_url(store):
        return Path(store).expanduser().absolute()
    place = place_of(store)
    root = _copies() / place.folder_name
    path = _origin_path(root)
    if not path.is_file():
        origin = {"url": place.url, "holder": secrets.token_hex(8), "host": socket.gethostname()}
        write_atomically(path, json.dumps(origin, indent=2).encode())
    return root


def origin_of(root: Path) -> Origin | None:
    """Return of what a folder is the working copy; None for a store that is on the disk alone.

    Raises
    ------
    BucketPlaceError
        If it is that of a bucket on another server than the environment names.
    """
    path = _origin_path(root)
    if not path.is_file():
        return None
    try:
        told = json.loads(path.read_bytes())
        place, holder = place_of(told["url"]), f"{told['holder']}@{told['host']}"
    except (ValueError, KeyError, TypeError) as error:
        raise BucketPlaceError(
            f"{path} must say of what its folder is the working copy; remove it, and name the"
            " store as s3://bucket/prefix"
        ) from error
    if root.name != place.folder_name:
        raise BucketPlaceError(
            f"{root} is the working copy of {place.url} on another server: set"
            f" {_ENDPOINTS[1]} as it was, or give --store {place.url}"
        )
    # A copied disk image is another machine's.
    is_here = told["host"] == socket.gethostname()
    return Origin(place, holder if is_here else f"{holder}>{socket.gethostname()}")


def bucket_folder(root: Path) -> Path:
    """Return the folder of a working copy for what is known of its bucket."""
    return root / "state" / "bucket"


def _origin_path(root: Path) -> Path:
    return bucket_folder(root) / "origin.json"


def _copies() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get(COPIES) or f"{cache}/nightfold").expanduser().absolute()

"""Work on a store, wherever it is: its lock, and on a bucket its lease and a working copy of it."""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tasks.store.bucket.conditions import require_conditions
from tasks.store.bucket.layout import CURATION_FILES
from tasks.store.bucket.lease import leased, require_unleased
from tasks.store.bucket.objects import Listed, Objects
from tasks.store.bucket.place import BucketPlace, bucket_folder, origin_of
from tasks.store.bucket.pull import pull
from tasks.store.bucket.push import Push, push, send_changed
from tasks.store.files import write_atomically
from tasks.store.lock import StoreBusyError, require_unlocked, store_lock
from tasks.store.storage import Store

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claim:
    """A store that this process alone works on.

    Parameters
    ----------
    root
        Folder of the store, or of its working copy.
    bucket
        What is held of its bucket; None for a store on the disk alone.
    """

    root: Path
    bucket: "Held | None" = None

    def send(self, sweeps: bool = False) -> None:
        """Bring the bucket up to the working copy, if there is one; see `Push` for errors.

        Parameters
        ----------
        sweeps
            Whether files that nothing names any more are deleted there, as a prune does.
        """
        if self.bucket is not None:
            self.bucket.send(self.root, sweeps)


@dataclass(frozen=True)
class Held:
    """A bucket whose lease this process has.

    Parameters
    ----------
    objects
        Of the store.
    there
        What they are.
    problems
        What was found to be damaged among them.
    require_lease
        Fails where another machine has taken the lease.
    """

    objects: Objects
    there: dict[str, Listed]
    problems: list[str]
    require_lease: Callable[[], None]

    def send(self, root: Path, sweeps: bool) -> None:
        """Bring the bucket up to a working copy."""
        work = Push(root, self.objects, self.there, self.require_lease)
        push(work, sweeps)
        if work.n_sent:
            logger.info("%d files sent to %s", work.n_sent, self.objects.url)


def run_lock(store: Store) -> AbstractContextManager[Claim]:
    """Claim a store for a run; see `claimed`."""
    return claimed(store.root, f"night {store.night} of feed {store.feed}")


@contextmanager
def claimed(root: Path, doing: str, changes: bool = True) -> Iterator[Claim]:
    """Hold a store; on a bucket its lease, too, and the working copy is what the bucket holds.

    Parameters
    ----------
    root
        Of the store.
    doing
        What is done, for those who are refused meanwhile.
    changes
        Whether anything may be written to the bucket: what a killed run did not send is sent then.

    Raises
    ------
    StoreBusyError
        If another run holds it; the message says which.
    LockPlaceError
        If something else stands where the lock or its folder belongs.
    BucketError
        If the bucket cannot be used, or its server does not know conditional puts.
    """
    with store_lock(root, doing):
        origin = origin_of(root)
        if origin is None:
            yield Claim(root)
            return
        objects = _objects(origin.place)
        _require_conditions_once(root, objects)
        who = (
            f"process {os.getpid()} on {socket.gethostname()}, {doing},"
            f" since {datetime.now(UTC).isoformat(timespec='seconds')}"
        )
        with leased(objects, origin.holder, who) as lease:
            found = pull(root, objects, with_vectors=True)
            claim = Claim(root, Held(objects, dict(found.there), found.problems, lease.renew))
            if changes:
                claim.send()
            yield claim


def look(root: Path) -> None:
    """Bring a working copy up to its bucket for a reader, who needs no lease; else do nothing.

    While a run works on the same working copy, it is what that run has brought it up to.
    """
    origin = origin_of(root)
    if origin is None:
        return
    try:
        require_unlocked(root)
    except StoreBusyError as error:
        logger.info("read as it is on this machine: %s", error)
        return
    pull(root, _objects(origin.place), with_vectors=False)


def send_curation(root: Path) -> None:
    """Send the rules that a command has changed, which takes no lease: a night may run meanwhile.

    Raises
    ------
    BucketConflictError
        If another machine has changed them since the command began.
    """
    origin = origin_of(root)
    if origin is not None:
        send_changed(root, _objects(origin.place), CURATION_FILES)


def require_free(store: Store) -> None:
    """Fail early where another run holds the store, after a look at what is published.

    Raises
    ------
    StoreBusyError
        As `claimed`.
    """
    require_unlocked(store.root)
    origin = origin_of(store.root)
    if origin is not None:
        require_unleased(_objects(origin.place), origin.holder)
        look(store.root)


def _objects(place: BucketPlace) -> Objects:
    # Here, for the library loads for a second, and most stores are on the disk.
    from tasks.store.bucket.s3 import S3Objects

    return S3Objects(place)


def _require_conditions_once(root: Path, objects: Objects) -> None:
    """Probe the server on the first run of a working copy, which is one server's by its name."""
    passed = bucket_folder(root) / "honours-conditions"
    if not passed.is_file():
        require_conditions(objects)
        write_atomically(passed, b"")

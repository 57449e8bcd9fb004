"""One run at a time on a bucket: an object that says who has it, renewed while the run lasts.

The lease of a machine that is gone ends by itself. How old it is the server says, by its own clock.
"""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Final

from tasks.boundary.inert import inert
from tasks.store.bucket.objects import (
    BucketError,
    ConditionFailedError,
    Objects,
    Read,
    put_once,
)
from tasks.store.lock import StoreBusyError
from validation.errors import NightfoldError

logger = logging.getLogger(__name__)

LEASE: Final = "lock.json"
"""The name of the object."""

LEASE_SECONDS: Final = 300
"""How long a lease lasts that is not renewed: the wait after a machine is lost for good."""

_RENEWED_EVERY: Final = 30
"""Seconds; nine renewals in a row must fail before a lease ends."""


class LeaseLostError(NightfoldError, RuntimeError):
    """Another machine has taken the lease, for this one had not renewed it in time."""


@dataclass(frozen=True)
class Holding:
    """What the object says."""

    holder: str
    """The working copy that has it, on which a lock of the kernel lets one process work."""
    who: str
    """For people."""
    renewals: int = 0
    is_released: bool = False

    def content(self) -> bytes:
        """Return the bytes of the object; no two renewals have the same."""
        return json.dumps(asdict(self), indent=2).encode()


def holding_in(content: bytes) -> Holding | None:
    """Read what a lease says; None where it says nothing that can be read."""
    try:
        told = json.loads(content)
        return Holding(
            str(told["holder"]),
            str(told["who"]),
            int(told["renewals"]),
            told["is_released"] is True,
        )
    except (ValueError, KeyError, TypeError):
        return None


def seconds_left(there: Read | None, holder: str) -> float:
    """Return how long a holder has to wait for the lease; 0 where it may take it.

    Its own is left from a process that was killed: the lock of the working copy has shown that it
    is gone. One that cannot be read ends like any other.
    """
    if there is None:
        return 0
    told = holding_in(there.content)
    if told is not None and (told.is_released or told.holder == holder):
        return 0
    return max(0.0, LEASE_SECONDS - there.age_seconds)


def require_unleased(objects: Objects, holder: str) -> Read | None:
    """Return the lease as it is there, where a holder may take it.

    Raises
    ------
    StoreBusyError
        If another one has it.
    """
    there = objects.read(LEASE)
    left = seconds_left(there, holder)
    if there is not None and left > 0:
        told = holding_in(there.content)
        who = inert(told.who) if told else "a lease that cannot be read"
        raise StoreBusyError(
            f"another run works on {objects.url}: {who}; try again when it is done (the lease of a"
            f" machine that is gone ends in {left:.0f} seconds)"
        )
    return there


class Lease:
    """The lease while this process has it.

    Parameters
    ----------
    objects
        Of the store.
    holding
        What it says.
    etag
        Of the object as this process has written it.
    """

    def __init__(self, objects: Objects, holding: Holding, etag: str) -> None:
        self._objects = objects
        self._holding = holding
        self._etag = etag
        self._turn = threading.Lock()
        self._is_lost = False

    def renew(self) -> None:
        """Renew the lease, which shows that nobody else has it; to be called before a commit.

        Raises
        ------
        LeaseLostError
            If another one has taken it.
        """
        with self._turn:
            self._write(replace(self._holding, renewals=self._holding.renewals + 1))

    def release(self) -> None:
        """Give the lease back, unless it is lost."""
        with self._turn:
            if not self._is_lost:
                self._write(replace(self._holding, is_released=True))

    def _write(self, holding: Holding) -> None:
        try:
            self._etag = put_once(self._objects, LEASE, holding.content(), self._etag)
        except ConditionFailedError as error:
            self._is_lost = True
            raise LeaseLostError(
                f"another run has taken {self._objects.url}, for this one has not renewed its"
                f" lease for {LEASE_SECONDS} seconds: nothing of it was published there; run"
                " the same command again"
            ) from error
        self._holding = holding


@contextmanager
def leased(objects: Objects, holder: str, who: str) -> Iterator[Lease]:
    """Hold the lease of a store, and renew it in a thread of its own.

    Raises
    ------
    StoreBusyError
        If another one has it.
    """
    there = require_unleased(objects, holder)
    holding = Holding(holder, who, renewals=_renewals(there) + 1)
    try:
        etag = put_once(objects, LEASE, holding.content(), there.etag if there else None)
    except ConditionFailedError as error:
        raise StoreBusyError(
            f"another run has just begun on {objects.url}; try again when it is done"
        ) from error
    lease, is_over = Lease(objects, holding, etag), threading.Event()
    renewing = threading.Thread(target=_renew_until, args=(lease, is_over), daemon=True)
    renewing.start()
    try:
        yield lease
    finally:
        is_over.set()
        renewing.join()
        _give_back(lease)


def _renewals(there: Read | None) -> int:
    told = holding_in(there.content) if there else None
    return told.renewals if told else 0


def _renew_until(lease: Lease, is_over: threading.Event) -> None:
    while not is_over.wait(_RENEWED_EVERY):
        try:
            lease.renew()
        except LeaseLostError as error:
            logger.warning("%s", error)
            return
        except BucketError as error:
            # The next try may come through, and a commit renews it first.
            logger.warning("the lease could not be renewed: %s", error)


def _give_back(lease: Lease) -> None:
    """Release a lease; one that cannot be released ends by itself."""
    try:
        lease.release()
    except (BucketError, LeaseLostError) as error:
        logger.warning("the lease could not be given back: %s", error)

"""Whether a server honours conditional puts: without them two machines could publish one night."""

import secrets
from typing import Final

from tasks.store.bucket.objects import (
    BucketError,
    ConditionFailedError,
    NoConditionsError,
    Objects,
)

PROBE: Final = "probe/"
"""The folder of the objects that are put and deleted to find out."""

_OTHER_ETAG: Final = '"00000000000000000000000000000000"'


def require_conditions(objects: Objects) -> None:
    """Check by an object of its own that a put is refused where its condition does not hold.

    Raises
    ------
    BucketError
        If the server takes it all the same, or says that it knows no conditions.
    """
    name = f"{PROBE}{secrets.token_hex(8)}"
    try:
        etag = objects.put(name, b"first", None)
        for header, replaces in (("If-None-Match", None), ("If-Match", _OTHER_ETAG)):
            if _is_taken(objects, name, replaces):
                raise _unfit(objects, f"answered 200 to a put whose {header} does not hold")
        objects.put(name, b"second", etag)
    except NoConditionsError as error:
        raise _unfit(objects, f"answered {error} to a conditional put") from error
    except ConditionFailedError as error:
        raise _unfit(objects, "refused a put whose condition holds") from error
    finally:
        objects.delete(name)


def _is_taken(objects: Objects, name: str, replaces: str | None) -> bool:
    """Return whether a put is taken whose condition does not hold."""
    try:
        objects.put(name, b"must not be there", replaces)
    except ConditionFailedError:
        return False
    return True


def _unfit(objects: Objects, answer: str) -> BucketError:
    return BucketError(
        f"{objects.url} cannot hold a store: the server {answer}, so two machines could publish the"
        " same night, each over the other; use a server with conditional writes (If-None-Match and"
        " If-Match), or a store in a local folder"
    )

"""The last night of a group, as the stages that cluster see it: its models, its assignments."""

from itertools import takewhile
from typing import Final

from tasks.groups.part import GroupTonight, assigned_before
from tasks.store.history import History, PastNight
from tasks.store.storage import Store

MODELS: Final = ("clustering", "lexical", "identity")
"""Each is kept under its name, an @ and the slug."""


def last_of_all(past: History) -> PastNight | None:
    """Return the last night, if it had no groups; if it had some, clusters begin anew."""
    return None if past.last is None or past.last.groups else past.last


def last_as_one(store: Store, past: History) -> PastNight | None:
    """Return the last night as if it had no groups, for what is learnt from all documents.

    An encoder is learnt for all groups at once. Its model goes on since the night that learnt it,
    whatever groups have been fitted anew in its vectors.
    """
    last = past.last
    if last is None or not last.groups:
        return last
    same = takewhile(lambda it: it.encoder == last.encoder, reversed(past.nights))
    recipe = store.read_manifest(last.night).groups[0].fit["recipe"]
    fit = {"kind": "full", "since": str([*same][-1].night), "recipe": recipe}
    return last.model_copy(update={"fit": fit, "published": "refined"})


def last_of_group(store: Store, past: History, group: GroupTonight) -> PastNight | None:
    """Return the last night that had a group, as if there had been no other one.

    A value that was away for some nights goes on from there, as a feed does.
    """
    night = next((it for it in reversed(past.nights) if group.slug in it.groups), None)
    if night is None:
        return None
    manifest = store.read_manifest(night.night)
    told = manifest.group(group.slug)
    models = {name: manifest.model(f"{name}@{group.slug}") for name in MODELS}
    update = {
        "assignments": assigned_before(store, night, group.name),
        "published": told.labels.published,
        "fit": told.fit,
        "numbers": told.numbers,
        "group": group.slug,
    }
    return night.model_copy(update={**models, **update})

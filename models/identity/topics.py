"""Topics over nights: which of tonight's are those of the last one."""

from collections.abc import Collection, Mapping
from itertools import count, islice
from typing import Final

import numpy as np

from models.core.arrays import Labels
from models.nightfold.topics import topics_of

_LEAST_SHARED: Final = 0.5
"""Share of the smaller one's documents: a topic that took in another is still itself."""

Topics = Mapping[str, frozenset[str]]
"""topic_id → doc_ids."""


def topic_of_labels(labels: Labels, topics: Labels) -> dict[int, int]:
    """Find the topic of each cluster, the one that most of its texts are in.

    Parameters
    ----------
    labels
        Cluster of each text, shape (n_texts,).
    topics
        Topic that each text is in, as the model sees it, shape (n_texts,).

    Returns
    -------
    Label → number of the topic; empty where each cluster would be a topic of its own, or all would
    be in one: then the clusters are the only level.
    """
    own, codes = np.unique(labels, return_inverse=True)
    found = topics_of(codes, np.unique(topics, return_inverse=True)[1])
    if not 1 < len(np.unique(found)) < len(own):
        return {}
    return {int(label): int(topic) for label, topic in zip(own, found, strict=True)}


def match_topics(tonight: Mapping[int, frozenset[str]], known: Topics) -> dict[int, str]:
    """Match tonight's topics to those of the last night, one to one, by the documents they share.

    Parameters
    ----------
    tonight
        Number of the topic → doc_ids.
    known
        Of the last night.

    Returns
    -------
    Number → topic_id, of the topics that go on: they share half of what the smaller of the two has
    of the documents that both nights have.
    """
    if not tonight or not known:
        return {}
    both = frozenset().union(*tonight.values()) & frozenset().union(*known.values())
    shared = np.array([[len(own & it) for it in known.values()] for own in tonight.values()])
    sizes, known_sizes = ([len(it & both) for it in side.values()] for side in (tonight, known))
    smaller = np.minimum(np.array(sizes)[:, None], np.array(known_sizes))
    goes_on = (shared > 0) & (shared >= _LEAST_SHARED * smaller)
    # Takes most of a second to load, and a night whose results are cached has no use for it.
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(np.where(goes_on, shared, 0), maximize=True)
    numbers, ids = list(tonight), list(known)
    return {
        numbers[row]: ids[column]
        for row, column in zip(rows, columns, strict=True)
        if goes_on[row, column]
    }


def assign_topic_ids(
    tonight: Mapping[int, frozenset[str]],
    known: Topics,
    night: str,
    taken: Collection[str] = (),
) -> dict[int, str]:
    """Assign every topic of tonight its id: that of its match, or a new one by rank of size.

    Parameters
    ----------
    tonight, known
        See `match_topics`.
    night
        Of the birth of new ones.
    taken
        Ids that no new one may have, besides those that are known.
    """
    ids = match_topics(tonight, known)
    born = sorted(tonight.keys() - ids.keys(), key=lambda it: (-len(tonight[it]), it))
    return ids | dict(zip(born, new_topic_ids(len(born), night, {*known, *taken}), strict=True))


def new_topic_ids(n: int, night: str, taken: Collection[str]) -> list[str]:
    """Make ids for topics that are born, ``t-20261123-001`` and on, of which none is taken."""
    digits = "".join(character for character in night if character.isalnum())
    ids = (f"t-{digits}-{number:03d}" for number in count(1))
    return list(islice((it for it in ids if it not in taken), n))

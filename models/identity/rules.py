"""The thresholds of identity: when two clusters of two nights are the same."""

import math
from dataclasses import dataclass
from typing import Final

_UNBOUNDED: Final = frozenset({"min_shared", "min_newcomers", "min_resize", "max_name_drift"})
"""The other rules are shares."""


@dataclass(frozen=True)
class MatchRules:
    """When two clusters of two nights are the same, and what else happened to them.

    Attributes
    ----------
    min_shared
        Documents that two clusters must share to be judged by them; below, centroids decide.
    min_jaccard, min_containment
        The same if the Jaccard index of the members, or the share of the known members that stand
        in tonight's cluster, is at least this.
    min_cosine
        The same if the centroids are at least this close, where members cannot tell.
    min_split_share, min_split_total
        A cluster has split if two or more of tonight's each hold at least the first share of its
        members, and together at least the second.
    min_piece_cosine
        A piece of a cluster of last night is put together with the larger one if their centroids
        are at least this close. See `models.identity.rejoining.rejoin`.
    min_newcomers
        Texts that are new tonight, and as many older ones, before the new ones can be parted.
    min_apart
        They are parted from the older texts of their cluster if at least this share of both sides
        lies nearer to its own mean than to the other's; some of them, if a cut has at least this
        share of new texts on one side and of old ones on the other. See `models.identity.parting`.
    min_resize
        Relative change of the size from which a cluster has grown or shrunk.
    max_name_drift
        Cosine distance from the founding centroid up to which the name is kept.

    Raises
    ------
    ValueError
        If a threshold is not above 0, or a share is above 1.
    """

    min_shared: int = 5
    min_jaccard: float = 0.3
    min_containment: float = 0.5
    min_cosine: float = 0.85
    min_split_share: float = 0.3
    min_split_total: float = 0.7
    min_piece_cosine: float = 0.65
    min_newcomers: int = 20
    min_apart: float = 0.9
    min_resize: float = 0.25
    max_name_drift: float = 0.25

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            upper = math.inf if name in _UNBOUNDED else 1.0
            if not 0 < value <= upper:
                raise ValueError(f"{name} must be above 0 and at most {upper}, got {value}")


DEFAULT_RULES = MatchRules()

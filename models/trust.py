"""How far to trust a clustering without labels: what its silhouette was worth on labelled data.

The numbers are those of docs/trust.md, measured by tests/benchmarks/trust.py.
"""

from typing import Final, Literal, NamedTuple


class Band(NamedTuple):
    """Silhouettes that were worth about the same."""

    word: Literal["low", "fair", "high"]
    start: float
    nmi_floor: float
    """Nine in ten clusterings of this band had at least this NMI."""


BANDS: Final = (
    Band("high", 0.0452, 0.67),
    Band("fair", 0.0216, 0.49),
    Band("low", -1.0, 0.17),
)


def trust_in(silhouette: float) -> Band:
    """Find the band of a silhouette.

    The bands are those of clusterings of eight labelled data sets in the space of
    all-MiniLM-L6-v2: a band ends where the isotonic regression of NMI on the silhouette reaches 0.5
    and 0.7. On a data set that was left out, 93 % of the clusterings lay at or above the floor of
    their band; an upper end did not hold, so none is given.

    Parameters
    ----------
    silhouette
        Mean silhouette in the embedding space, from -1 to 1.
    """
    return next(band for band in BANDS if silhouette >= band.start)


def trust_sentence(silhouette: float | None) -> str:
    """Say how far to trust a clustering, and why; None is a silhouette that is not defined."""
    if silhouette is None:
        return "not known: a silhouette is not defined for so few texts or clusters"
    band = trust_in(silhouette)
    return (
        f"{band.word}: with a silhouette like {silhouette:.3f}, nine in ten clusterings of labelled"
        f" texts had an NMI of {band.nmi_floor:.2f} or more"
    )

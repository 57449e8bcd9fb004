"""How far to trust a clustering without labels: what its silhouette was worth on labelled data.

The numbers are those of docs/trust.md, measured by tests/benchmarks/trust.py.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from models.encoding.encoder import DEFAULT_ENCODER, DEFAULT_WEIGHTS_SHA256

MEASURED_WEIGHTS: Final = DEFAULT_WEIGHTS_SHA256
"""Of the only encoder in whose space the bands were measured."""


_FOREIGN_SHARE: Final = 0.2
"""Of the texts in languages that the encoder has not learnt: so many are clusters of their own, by
their wording and not by what they say."""

MULTILINGUAL_ENCODER: Final = "paraphrase-multilingual-MiniLM-L12-v2"
"""What a message offers: of the size of the default encoder, and it has learnt fifty languages."""


class Band(NamedTuple):
    """Silhouettes that were worth about the same."""

    word: Literal["low", "fair", "high"]
    start: float
    nmi_floor: float
    """9 of 10 clusterings of this band had at least this NMI."""


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


def trust_sentence(silhouette: float | None, weights: str) -> str:
    """State how far to trust a clustering, and on what grounds.

    Parameters
    ----------
    silhouette
        Mean silhouette in the embedding space; None where it is not defined.
    weights
        SHA-256 (hex) of the encoder's weights: silhouettes of two spaces do not compare.
    """
    if silhouette is None:
        return "unknown: the silhouette is undefined for so few texts or clusters"
    if weights != MEASURED_WEIGHTS:
        return (
            f"unknown: silhouettes were calibrated on labelled texts for {DEFAULT_ENCODER} only,"
            f" and this one ({silhouette:.3f}) comes from another encoder"
        )
    band = trust_in(silhouette)
    return (
        f"{band.word}: in our tests on eight English benchmark sets, 9 of 10 clusterings with a"
        f" silhouette {_range_of(band)} matched the true labels with an NMI of at least"
        f" {band.nmi_floor:.2f}; this one has {silhouette:.3f}. Texts unlike the benchmarks, such"
        " as short reviews or texts in other languages, were not tested"
    )


def foreign_sentence(shares: Mapping[str, float]) -> str | None:
    """State that the encoder has not learnt what many texts are written in; None where few are.

    Parameters
    ----------
    shares
        Language that the encoder has not learnt → share of the texts.
    """
    if sum(shares.values()) < _FOREIGN_SHARE:
        return None
    listed = ", ".join(f"{share:.0%} in {language}" for language, share in shares.items())
    return (
        f"low: the encoder has not learnt the language of many texts ({listed}), and tells them"
        " apart by their words, not by what they say; set `encoder` to a multilingual one, for"
        f" instance {MULTILINGUAL_ENCODER}"
    )


def _range_of(band: Band) -> str:
    """Write the silhouettes of a band in words."""
    position = BANDS.index(band)
    if position == 0:
        return f"of at least {band.start:.3f}"
    end = BANDS[position - 1].start
    if position == len(BANDS) - 1:
        return f"below {end:.3f}"
    return f"between {band.start:.3f} and {end:.3f}"

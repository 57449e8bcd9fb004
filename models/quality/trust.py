"""How far to trust a clustering without labels: what its figures were worth on labelled data.

The numbers are those of docs/trust.md, measured by tests/benchmarks/trust.py.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from models.encoding.encoder import DEFAULT_ENCODER, DEFAULT_WEIGHTS_SHA256

MEASURED_WEIGHTS: Final = DEFAULT_WEIGHTS_SHA256
"""Of the only encoder in whose space the bands were measured."""


FOREIGN_SHARE: Final = 0.2
"""Of the texts in languages that the encoder has not learnt: so many are clusters of their own, by
their wording and not by what they say."""

MULTILINGUAL_ENCODER: Final = "paraphrase-multilingual-MiniLM-L12-v2"
"""What a message offers: of the size of the default encoder, and it has learnt fifty languages."""

FIRST_LOOK: Final = (
    "; the night is a first look: its encoder is static, which knows words and not their order; one"
    " distilled from the default encoder lost 4.4 points of NMI beside it on six labelled sets"
)
"""What is said beside the trust of a night that a static encoder has read."""


Word = Literal["high", "fair", "low"]


class Cut(NamedTuple):
    """What a clustering must reach for a word."""

    silhouette: float
    stability: float


HIGH: Final = Cut(0.1, 0.45)
"""The lowest silhouette at which 9 of 10 clusterings of every labelled set agreed with its labels;
at the same, chosen without it, 21 of 22 of a set that was left out did."""

FAIR: Final = Cut(0.025, 0.4)
"""Below either the word is low: there half of the clusterings lay that had little to do with
people's labels, and a fifth of those that agreed with them."""

AGREED: Final[Mapping[Word, str]] = {"high": "21 of 21", "fair": "81 of 157", "low": "29 of 155"}
"""Clusterings with this word whose AMI with people's labels was .4 or more."""


def trust_in(silhouette: float, stability: float) -> Word:
    """Find the word for a clustering; docs/trust.md has the labelled sets behind it.

    Parameters
    ----------
    silhouette
        Mean silhouette in the embedding space, from -1 to 1.
    stability
        How well clusters come back when the texts are drawn and clustered again, from 0 to 1; see
        `models.quality.stability`.
    """
    found = Cut(silhouette, stability)
    if _reaches(found, HIGH):
        return "high"
    return "fair" if _reaches(found, FAIR) else "low"


def trust_sentence(silhouette: float | None, stability: float | None, weights: str) -> str:
    """State how far to trust a clustering, and on what grounds.

    Parameters
    ----------
    silhouette, stability
        See `trust_in`; None where they are not defined.
    weights
        SHA-256 (hex) of the encoder's weights: silhouettes of two spaces do not compare.
    """
    if silhouette is None or stability is None:
        return "unknown: the figures are undefined for so few texts or clusters"
    if weights != MEASURED_WEIGHTS:
        return (
            f"unknown: trust was calibrated on labelled texts for {DEFAULT_ENCODER} only,"
            f" and these figures (silhouette {silhouette:.3f}, stability {stability:.2f}) come from"
            " another encoder"
        )
    word = trust_in(silhouette, stability)
    return (
        f"{word}: {_ground(silhouette, stability)}; in our tests on 16 labelled sets in"
        f" English, benchmarks, reviews and tickets, {AGREED[word]} clusterings rated so agreed"
        " with people's labels"
    )


def _reaches(found: Cut, cut: Cut) -> bool:
    return found.silhouette >= cut.silhouette and found.stability >= cut.stability


def _ground(silhouette: float, stability: float) -> str:
    """State what decides the word."""
    figures = f"silhouette {silhouette:.3f}, stability {stability:.2f}"
    if stability < FAIR.stability:
        return f"many clusters do not come back when the texts are drawn again ({figures})"
    if silhouette < FAIR.silhouette:
        return f"clusters hardly stand apart ({figures})"
    return figures


def foreign_sentence(shares: Mapping[str, float]) -> str | None:
    """State that the encoder has not learnt what many texts are written in; None where few are.

    Parameters
    ----------
    shares
        Language that the encoder has not learnt → share of the texts.
    """
    if sum(shares.values()) < FOREIGN_SHARE:
        return None
    listed = ", ".join(f"{share:.0%} in {language}" for language, share in shares.items())
    return (
        f"low: the encoder has not learnt the language of many texts ({listed}), and tells them"
        " apart by their words, not by what they say; set `encoder` to a multilingual one, for"
        f" instance {MULTILINGUAL_ENCODER}, or the one that `nightfold encoder` writes"
    )

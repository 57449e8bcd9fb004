"""What the rows of trust.py say: rank correlations, and what a figure promises on unseen data.

python tests/benchmarks/trust_report.py trust.json

Every promise is measured leave-one-data-set-out: fitted on all sets but one, tried on that one.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn.isotonic import IsotonicRegression

from models.quality.trust import FOREIGN_SHARE, HIGH, trust_in

TRUTHS: Final = ("nmi", "ari", "acc")
SUBSETS: Final = ("true k, as clustered", "true k", "any k, as clustered", "any k")
AGREES: Final = 0.4
DISAGREES: Final = 0.25
"""AMI from which clusters are those that people have labelled, and under which they are not."""

FLOOR: Final = 0.1
"""Share of the partitions with a word that may lie under what it promises."""

WORDS: Final = ("low", "fair", "high")


def as_frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per partition, a column per figure."""
    return pd.DataFrame([{**row, **row["figures"]} for row in rows]).drop(columns="figures")


def subset(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Choose partitions; the true classes are never among them."""
    chosen = frame["partition"] != "truth"
    if name.startswith("true k"):
        chosen &= frame["is_true_k"]
    if name.endswith("as clustered"):
        chosen &= ~frame["is_corrupted"]
    return frame[chosen]


def correlations(frame: pd.DataFrame, figure: str, truth: str) -> list[float]:
    """Spearman's rank correlation of a figure with the truth, data set by data set."""
    return [
        float(spearmanr(part[figure], part[truth]).statistic)
        for _, part in frame.groupby("dataset", sort=True)
    ]


def correlation_lines(frame: pd.DataFrame, figures: Sequence[str]) -> Iterator[str]:
    """Means over the sets and, in brackets, the worst set."""
    for name in SUBSETS:
        part = subset(frame, name)
        yield f"\n{name}: {len(part)} partitions\n"
        yield "| figure | NMI | ARI | ACC |\n|---|---:|---:|---:|"
        for figure in figures:
            found = [correlations(part, figure, truth) for truth in TRUTHS]
            cells = [f"{np.mean(values):+.2f} ({min(values):+.2f})" for values in found]
            yield f"| {figure} | {' | '.join(cells)} |"


def per_set_lines(frame: pd.DataFrame, figures: Sequence[str], name: str) -> Iterator[str]:
    """Rank correlation with NMI in every set."""
    part = subset(frame, name)
    names = sorted(part["dataset"].unique())
    yield f"\n{name}, NMI, by data set\n"
    yield f"| figure | {' | '.join(names)} |\n|---|{'---:|' * len(names)}"
    for figure in figures:
        cells = [f"{value:+.2f}" for value in correlations(part, figure, "nmi")]
        yield f"| {figure} | {' | '.join(cells)} |"


def truth_lines(frame: pd.DataFrame, figures: Sequence[str]) -> Iterator[str]:
    """Share of the partitions at the true k that score higher than the true classes do."""
    yield "\nshare of partitions at the true k that score above the true classes\n"
    for figure in figures:
        shares = []
        for _, part in frame.groupby("dataset"):
            if "truth" not in set(part["partition"]):
                continue
            of_truth = part.loc[part["partition"] == "truth", figure].iloc[0]
            shares.append(float((subset(part, "true k")[figure] > of_truth).mean()))
        yield f"- {figure}: {np.mean(shares):.2f}"


def held_out(frame: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Every set once as the one that was not seen."""
    for name in sorted(frame["dataset"].unique()):
        yield frame[frame["dataset"] != name], frame[frame["dataset"] == name]


def curve(frame: pd.DataFrame, figure: str, truth: str) -> IsotonicRegression:
    """The best rising curve from a figure to the truth."""
    fitted = IsotonicRegression(out_of_bounds="clip")
    return fitted.fit(frame[figure].to_numpy(), frame[truth].to_numpy())


def calibration_lines(frame: pd.DataFrame, figures: Sequence[str]) -> Iterator[str]:
    """Mean absolute error on the unseen set, the mean over the sets and the worst."""
    yield "\nmean absolute error on the set that was left out (worst set)\n"
    yield "| figure | NMI | ARI | ACC |\n|---|---:|---:|---:|"
    for figure in (None, *figures):
        cells = []
        for truth in TRUTHS:
            errors = []
            for seen, unseen in held_out(frame):
                guess = seen.groupby("dataset")[truth].mean().mean()
                if figure is not None:
                    guess = curve(seen, figure, truth).predict(unseen[figure].to_numpy())
                errors.append(float((guess - unseen[truth]).abs().mean()))
            cells.append(f"{np.mean(errors):.3f} ({max(errors):.3f})")
        yield f"| {figure or 'none: the mean of the other sets'} | {' | '.join(cells)} |"


def rated(frame: pd.DataFrame, cut: float = HIGH.silhouette) -> list[str]:
    """Return the word of every partition, with another cut between high and fair if one is given.

    Where the encoder has not learnt the language of a fifth of the texts, it is low.
    """
    figures = (frame[name].to_list() for name in ("silhouette", "stability", "foreign"))
    return [_word(cut, *row) for row in zip(*figures, strict=True)]


def _word(cut: float, silhouette: float, stability: float, foreign: float) -> str:
    word = trust_in(silhouette, stability)
    if foreign >= FOREIGN_SHARE or word == "low":
        return "low"
    return "high" if silhouette >= cut and stability >= HIGH.stability else "fair"


def lowest_cut(frame: pd.DataFrame) -> float:
    """Find the lowest silhouette above which nine of ten agree with the labels, on every set."""
    for cut in np.arange(0.03, 0.2, 0.005):
        high = frame[[word == "high" for word in rated(frame, cut)]]
        right = (high["ami"] >= AGREES).groupby(high["dataset"]).mean()
        if len(right) and (right >= 1 - FLOOR).all():
            return float(cut)
    return np.inf


def word_lines(frame: pd.DataFrame) -> Iterator[str]:
    """What each word was worth, over all sets and set by set, and on sets that were left out."""
    frame = frame.assign(word=rated(frame))
    yield "\n| word | clusterings | sets | AMI ≥ .4 | AMI < .25 | AMI of nine in ten | median |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    own = frame[frame["foreign"] < FOREIGN_SHARE]
    parts = [(word, own[own["word"] == word]) for word in WORDS]
    for word, part in [*parts, ("low: language", frame[frame["foreign"] >= FOREIGN_SHARE])]:
        ami = part["ami"]
        figures = f"{(ami >= AGREES).sum()} | {(ami < DISAGREES).sum()} | {ami.quantile(FLOOR):.2f}"
        yield f"| {word} | {len(part)} | {part['dataset'].nunique()} | {figures} | {ami.median():.2f} |"
    bad = own[own["ami"] < DISAGREES]
    yield f"\ncaught as low: {(bad['word'] == 'low').sum()} of {len(bad)} with an AMI below .25"
    yield f"lowest cut for high on all sets: {lowest_cut(own):.3f}"
    n_high = n_right = 0
    for seen, unseen in held_out(own):
        cut = lowest_cut(seen)
        high = unseen[[word == "high" for word in rated(unseen, cut)]]
        n_high, n_right = n_high + len(high), n_right + int((high["ami"] >= AGREES).sum())
    yield f"high on the set that was left out: {n_right} of {n_high} right\n"
    yield "| set | foreign | high | fair | low | AMI: lowest | median | highest |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for name, part in frame.groupby("dataset", sort=True):
        counts = " | ".join(str((part["word"] == word).sum()) for word in reversed(WORDS))
        low, half, high_ = part["ami"].quantile([0, 0.5, 1])
        share = f"{part['foreign'].iloc[0]:.0%}"
        yield f"| {name} | {share} | {counts} | {low:.2f} | {half:.2f} | {high_:.2f} |"


def report(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Every table."""
    frame, figures = as_frame(rows), list(rows[0]["figures"])
    yield from correlation_lines(frame, figures)
    yield from per_set_lines(frame, figures, "true k, as clustered")
    yield from per_set_lines(frame, figures, "any k, as clustered")
    yield from truth_lines(frame, figures)
    yield from calibration_lines(subset(frame, "any k, as clustered"), figures)
    yield from word_lines(subset(frame, "any k, as clustered"))


def main() -> None:
    """Print the tables of a file."""
    for line in report(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["rows"]):
        print(line)


if __name__ == "__main__":
    main()

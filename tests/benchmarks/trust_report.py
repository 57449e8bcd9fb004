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

TRUTHS: Final = ("nmi", "ari", "acc")
SUBSETS: Final = ("true k, as clustered", "true k", "any k, as clustered", "any k")
CUTS: Final = (0.5, 0.7)
"""A band ends where the fitted NMI reaches these."""

FLOOR: Final = 0.1
"""Share of the partitions of a band that may lie under what it promises."""

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


def cut_points(frame: pd.DataFrame, figure: str) -> list[float]:
    """Where the curve to NMI reaches each of the cuts."""
    values = np.sort(frame[figure].to_numpy())
    fitted = curve(frame, figure, "nmi").predict(values)
    return [float(values[min(np.searchsorted(fitted, cut), len(values) - 1)]) for cut in CUTS]


def in_bands(frame: pd.DataFrame, figure: str, cuts: Sequence[float]) -> list[pd.DataFrame]:
    """Sort the partitions into low, fair and high."""
    bands = np.searchsorted(cuts, frame[figure].to_numpy(), side="right")
    return [frame[bands == band] for band in range(len(WORDS))]


def band_lines(frame: pd.DataFrame, figure: str) -> Iterator[str]:
    """The bands of all sets, and how their floors hold on the set that was left out."""
    cuts = cut_points(frame, figure)
    yield f"\nbands of {figure}\n\n| word | from | NMI of nine in ten | median | at most | n | sets |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    starts = ["", *(f"{cut:.4f}" for cut in cuts)]
    for word, start, band in zip(WORDS, starts, in_bands(frame, figure, cuts), strict=True):
        floor, median, top = np.quantile(band["nmi"], [FLOOR, 0.5, 1.0])
        cells = f"{start} | {floor:.3f} | {median:.3f} | {top:.3f} | {len(band)}"
        yield f"| {word} | {cells} | {band['dataset'].nunique()} |"
    yield "\n| left out | low | fair | high | at or above the floor | in the middle 80 % |"
    yield "|---|---:|---:|---:|---:|---:|"
    above, inside = [], []
    for seen, unseen in held_out(frame):
        cuts = cut_points(seen, figure)
        seen_bands, bands = in_bands(seen, figure, cuts), in_bands(unseen, figure, cuts)
        floors = [it["nmi"].quantile(FLOOR) for it in seen_bands]
        tops = [it["nmi"].quantile(1 - FLOOR) for it in seen_bands]
        held = [it["nmi"] >= floor for it, floor in zip(bands, floors, strict=True)]
        fits = [flag & (it["nmi"] <= top) for flag, it, top in zip(held, bands, tops, strict=True)]
        above.append(float(pd.concat(held).mean()))
        inside.append(float(pd.concat(fits).mean()))
        means = [f"{it['nmi'].mean():.2f}" if len(it) else "" for it in bands]
        name = unseen["dataset"].iloc[0]
        yield f"| {name} | {' | '.join(means)} | {above[-1]:.0%} | {inside[-1]:.0%} |"
    yield f"| mean | | | | {np.mean(above):.0%} | {np.mean(inside):.0%} |"


def report(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Every table."""
    frame, figures = as_frame(rows), list(rows[0]["figures"])
    yield from correlation_lines(frame, figures)
    yield from per_set_lines(frame, figures, "true k, as clustered")
    yield from per_set_lines(frame, figures, "any k, as clustered")
    yield from truth_lines(frame, figures)
    yield from calibration_lines(subset(frame, "any k, as clustered"), figures)
    for figure in ("silhouette", "silhouette, fused"):
        yield from band_lines(subset(frame, "any k, as clustered"), figure)


def main() -> None:
    """Print the tables of a file."""
    for line in report(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["rows"]):
        print(line)


if __name__ == "__main__":
    main()

"""The nights of the demo: the bundled sample feed, or one that is drawn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

EXAMPLES: Final = (
    "nightfold demo --store demo-store",
    "nightfold demo --modality images --store demo-images",
    "nightfold demo --modality series --store demo-series",
)

_SAMPLE: Final = Path(__file__).parents[2] / "sample"


def demo_nights(modality: str, store: Path) -> list[dict[str, Any]]:
    """Describe how the nights of a demo run, one after the other.

    Parameters
    ----------
    modality
        What its documents are.
    store
        Of the demo; a feed that is drawn lies beside it.

    Raises
    ------
    ValueError
        If there is no demo of such documents.
    """
    if modality not in _DEMOS:
        raise ValueError(f"modality must be one of {', '.join(_DEMOS)}, got {modality!r}")
    return _DEMOS[modality](store)


def _of_texts(store: Path) -> list[dict[str, Any]]:
    """Describe four nights of the sample: two together, so that a theme can die out."""
    return [
        {
            "feed": str(_SAMPLE / f"night-{number}"),
            "store": str(store),
            "night": f"2026-03-0{number}",
            "feed_name": "sample",
            "window_days": 2,
        }
        for number in range(1, 5)
    ]


def _of_images(store: Path) -> list[dict[str, Any]]:
    """Draw three nights of shapes, and describe how they run."""
    from flows.cli.demo.drawn_images import draw_night

    feed, nights = _beside(store), {f"2026-03-0{number}": number for number in range(1, 4)}
    for night, number in nights.items():
        draw_night(number, feed / night)
    return [
        {
            "feed": f"{feed}/{{night}}",
            "store": str(store),
            "night": night,
            "feed_name": "shapes",
            "modality": "images",
            # The second night is half of all images, and still goes on from the first.
            "refit.max_new_share": 0.6,
        }
        for night in nights
    ]


def _of_series(store: Path) -> list[dict[str, Any]]:
    """Write three nights of machine signals, and describe how they run."""
    from datetime import date

    from flows.cli.demo.drawn_series import write_night

    feed, nights = _beside(store), [date(2026, 3, number) for number in range(1, 4)]
    for number, night in enumerate(nights, 1):
        write_night(number, night, feed / f"{night}.csv")
    return [
        {
            "feed": f"{feed}/{{night}}.csv",
            "store": str(store),
            "night": str(night),
            "feed_name": "machines",
            "modality": "series",
        }
        for night in nights
    ]


def _beside(store: Path) -> Path:
    return store.with_name(f"{store.name}-feed")


_DEMOS: Final[dict[str, Callable[[Path], list[dict[str, Any]]]]] = {
    "text": _of_texts,
    "images": _of_images,
    "series": _of_series,
}
"""Setting `modality` → the nights of its demo."""

"""The map of a night as a picture: points in the colours of their topics, and the topics' names."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tasks.boundary.excerpts import excerpt
from tasks.reporting.beside.points import Points
from tasks.reporting.night_view import NightView, grouped_name
from tasks.reporting.render.page.themes import topics_of
from validation.tables.columns import REMARKS

_WIDTH: Final = 960
_HEIGHT: Final = 640
_MARGIN: Final = 24
_MOST_POINTS: Final = 3_000
"""Drawn by lot of more: fifty kilobytes, and no island is lost."""

_COLOURS: Final = (
    "#4269d0", "#d9822b", "#2f9e75", "#c8506d", "#7b5ea7", "#1f8fa3", "#a5762b", "#8a9a2c",
    "#b45aa8", "#5b7f95", "#d0604a", "#4d9b3f",
)  # fmt: skip
"""Those of the report."""

_GREY: Final = "#8b8f97"
_NAME_CHARS: Final = 28
_NAME_HEIGHT: Final = 16
_CHAR_WIDTH: Final = 8
"""Of a name, about: what two of them take is not drawn over each other."""


@dataclass(frozen=True)
class _Group:
    """What has a colour of its own: a topic, or a theme that is under none."""

    name: str
    colour: str
    places: NDArray[np.float64]  # (n_documents, 2), in pixels


def map_picture(night: NightView) -> str | None:
    """Return the picture as a data URL; None where the night has no map."""
    points = night.beside.points
    if points is None or not points.doc_ids:
        return None
    groups = list(_groups(night, points))
    shapes = "".join([*map(_dots, groups), *_names(groups)])
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' width="{_WIDTH}" height="{_HEIGHT}"><rect width="100%" height="100%" fill="#fff"/>'
        f"{shapes}</svg>"
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode('ascii')}"


def _groups(night: NightView, points: Points) -> Iterator[_Group]:
    """Yield the groups of the points that are drawn, what is in none of them first, in grey."""
    topics = [(it["name"], set(it["themes"])) for it in topics_of(night)]
    under = set().union(*(themes for _, themes in topics))
    alone = [it for it in night.shown if it["cluster_id"] not in under | {REMARKS}]
    named = [*topics, *((grouped_name(it), {it["cluster_id"]}) for it in alone)]
    group_of = {it: number for number, (_, themes) in enumerate(named) for it in themes}
    lot = np.random.default_rng(0).permutation(len(points.doc_ids))[:_MOST_POINTS]
    places, groups = (
        _in_pixels(points.places)[lot],
        np.array([group_of.get(points.cluster_ids[it], -1) for it in lot]),
    )
    yield _Group("", _GREY, places[groups == -1])
    for number, (name, _) in enumerate(named):
        yield _Group(name, _COLOURS[number % len(_COLOURS)], places[groups == number])


def _in_pixels(places: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return places as large as fits, in the middle, with the second axis upwards."""
    low, high = places.min(axis=0).astype(np.float64), places.max(axis=0).astype(np.float64)
    room = np.array([_WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN])
    scale = float((room / np.maximum(high - low, 1e-9)).min())
    away = (places - (low + high) / 2) * scale * np.array([1, -1])
    return np.asarray(away + np.array([_WIDTH / 2, _HEIGHT / 2]), dtype=np.float64)


def _dots(group: _Group) -> str:
    """Return the points as one path, of lines without length that have round ends."""
    path = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in group.places)
    style = 'stroke-width="5" stroke-linecap="round" stroke-opacity="0.75"'
    return f'<path d="{path}" stroke="{group.colour}" {style}/>' if path else ""


def _names(groups: Sequence[_Group]) -> Iterator[str]:
    """Yield names at the middles of their points, the largest group first; none meets another."""
    taken: list[tuple[float, float, float]] = []
    for group in sorted(groups, key=lambda it: -len(it.places)):
        if not group.name or not len(group.places):
            continue
        name = excerpt(group.name, _NAME_CHARS)
        x, y = np.median(group.places, axis=0).tolist()
        half = _CHAR_WIDTH * len(name) / 2
        x = min(max(x, half), _WIDTH - half)
        if any(abs(x - a) < half + b and abs(y - c) < _NAME_HEIGHT for a, c, b in taken):
            continue
        taken.append((x, y, half))
        style = 'font-family="sans-serif" font-size="14" font-weight="600" text-anchor="middle"'
        halo = 'stroke="#fff" stroke-width="4" paint-order="stroke" fill="#1f2328"'
        yield f'<text x="{x:.0f}" y="{y:.0f}" {style} {halo}>{escape(name)}</text>'

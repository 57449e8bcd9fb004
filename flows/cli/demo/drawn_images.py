"""Draw the feed of the demo of images: three nights of shapes, with a new kind on the third."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE: Final = 48
_OVER: Final = 4
"""Drawn so many times larger and then shrunk: edges come out smooth."""

OF_A_KIND: Final = 55
"""Images of each kind a night."""

NEW_ON_NIGHT: Final = 3

Points = list[tuple[float, float]]


def _polygon(n_corners: int, inner: float = 1.0) -> Points:
    """Return the corners of a polygon, every other one at an inner radius."""
    angles = (2 * math.pi * step / n_corners for step in range(n_corners))
    radii = (1.0 if step % 2 == 0 else inner for step in range(n_corners))
    return [
        (radius * math.sin(angle), -radius * math.cos(angle))
        for angle, radius in zip(angles, radii, strict=True)
    ]


_ARM: Final = 0.32
_CROSS: Final[Points] = [
    (-_ARM, -1), (_ARM, -1), (_ARM, -_ARM), (1, -_ARM), (1, _ARM), (_ARM, _ARM),
    (_ARM, 1), (-_ARM, 1), (-_ARM, _ARM), (-1, _ARM), (-1, -_ARM), (-_ARM, -_ARM),
]  # fmt: skip
_BAR: Final[Points] = [(-1.1, -0.3), (1.1, -0.3), (1.1, 0.3), (-1.1, 0.3)]

OUTLINES: Final[Mapping[str, tuple[list[Points], int]]] = {
    "disc": ([_polygon(48)], 8),
    "ring": ([_polygon(48), [(0.6 * x, 0.6 * y) for x, y in _polygon(48)]], 215),
    "triangle": ([_polygon(3)], 120),
    "cross": ([_CROSS], 45),
    "bar": ([_BAR], 215),
    "star": ([_polygon(10, inner=0.42)], 285),
}
"""Kind → its outline, and a hole in it; and its hue in degrees. A ring and a bar share theirs."""


def draw_night(night: int, folder: Path) -> None:
    """Write the images of a night, from 1 to 3, as PNG files; the same night gives the same ones.

    Parameters
    ----------
    night
        Its number.
    folder
        Created if need be. The names say nothing about the kinds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(night)
    kinds = [it for it in OUTLINES if it != "star" or night >= NEW_ON_NIGHT]
    drawn = [kind for kind in kinds for _ in range(OF_A_KIND)]
    for place, at in enumerate(rng.permutation(len(drawn))):
        file = folder / f"{night}{place:04d}.png"
        draw(drawn[at], rng).save(file, "PNG")
    _spoil(folder, night, rng)


def draw(kind: str, rng: np.random.Generator) -> Image.Image:
    """Draw a shape: where, how large, how turned and on what ground is drawn by lot."""
    outlines, hue = OUTLINES[kind]
    size = SIDE * _OVER
    ground = tuple(int(it) for it in rng.integers(205, 250) + rng.integers(-6, 7, 3))
    image = Image.new("RGB", (size, size), ground)
    pen = ImageDraw.Draw(image)
    place = _placed(rng, size)
    fills = [_colour(hue, rng), ground]
    for outline, fill in zip(outlines, fills, strict=False):
        pen.polygon([place(point) for point in outline], fill=fill)
    small = image.resize((SIDE, SIDE), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.4))
    noise = rng.normal(0, 4, (SIDE, SIDE, 3))
    pixels = np.clip(np.asarray(small, dtype=np.float64) + noise, 0, 255)
    return Image.fromarray(pixels.astype(np.uint8))


def _placed(
    rng: np.random.Generator, size: int
) -> Callable[[tuple[float, float]], tuple[float, float]]:
    """Return what brings a point of an outline to its place in an image."""
    radius = size * rng.uniform(0.25, 0.36)
    turn = rng.uniform(-0.3, 0.3)
    centre = size / 2 + rng.uniform(-0.07, 0.07, 2) * size
    cosine, sine = math.cos(turn), math.sin(turn)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        x, y = point
        return (
            float(centre[0] + radius * (cosine * x - sine * y)),
            float(centre[1] + radius * (sine * x + cosine * y)),
        )

    return place


def _colour(hue: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Return a colour near a hue."""
    turned = int((hue + rng.uniform(-12, 12)) % 360 / 360 * 255)
    strength, light = int(rng.integers(150, 230)), int(rng.integers(120, 210))
    pixel = Image.new("HSV", (1, 1), (turned, strength, light)).convert("RGB").getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return pixel


def _spoil(folder: Path, night: int, rng: np.random.Generator) -> None:
    """Add what cameras add: a file cut short, a blank one, a copy, and one that is saved again."""
    files = sorted(folder.glob("*.png"))
    cut, copied, saved = (files[it] for it in rng.choice(len(files), 3, replace=False))
    (folder / f"{night}9001.png").write_bytes(cut.read_bytes()[:400])
    Image.new("RGB", (SIDE, SIDE), "white").save(folder / f"{night}9002.png")
    (folder / f"{night}9003.png").write_bytes(copied.read_bytes())
    with Image.open(saved) as image:
        image.resize((2 * SIDE, 2 * SIDE)).save(folder / f"{night}9004.jpg", quality=85)

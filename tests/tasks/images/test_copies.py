"""Copies are images that look the same: scaled or saved again, and not merely alike."""

import io

import numpy as np
import pyarrow as pa
from PIL import Image

from flows.cli.demo.drawn_images import draw
from tasks.images.copies import bits_of, colours_of, find_image_copies, first_alike
from tasks.images.decode import as_png
from tasks.vectors.items import Window
from validation.tables.columns import CLUSTER_ID, DOC_ID, IS_NEW


def pixels_of(image: Image.Image) -> np.ndarray:
    return np.asarray(image)


def saved_again(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.resize((64, 64)).save(file, "JPEG", quality=85)
    return Image.open(file).resize(image.size)


def test_saved_again_is_a_copy_and_another_drawing_is_none() -> None:
    rng = np.random.default_rng(0)
    one, other = draw("star", rng), draw("star", rng)
    images = [pixels_of(it) for it in (one, other, saved_again(one))]
    bits = np.stack([bits_of(it) for it in images])
    colours = np.stack([colours_of(it) for it in images])
    firsts = first_alike(bits, colours)
    assert [first for first, _ in firsts] == [0, 1, 0]
    assert firsts[0][1] == 1.0
    assert 0.95 < firsts[2][1] <= 1.0


def test_the_same_drawing_in_another_colour_is_none() -> None:
    red = np.full((32, 32, 3), 240, dtype=np.uint8)
    red[8:24, 8:24] = (180, 60, 60)
    blue = red[:, :, ::-1].copy()
    bits = np.stack([bits_of(red), bits_of(red)])
    colours = np.stack([colours_of(red), colours_of(blue)])
    assert [first for first, _ in first_alike(bits, colours)] == [0, 1]


def test_rows_of_groups() -> None:
    rng = np.random.default_rng(0)
    one, other = (as_png(pixels_of(draw(kind, rng))) for kind in ("star", "ring"))
    window = Window(
        pa.table({"text_digest": ["d" * 64, "e" * 64]}),
        pa.table({"doc_id": ["a", "b", "c"], "position": [0, 1, 0]}),
    )
    assigned = pa.table(
        {DOC_ID: ["a", "b", "c"], CLUSTER_ID: ["x", "y", "x"], IS_NEW: [False, True, True]}
    )
    rows = find_image_copies(
        window, assigned, lambda _: [("d" * 64, one), ("e" * 64, other)]
    ).to_pylist()
    assert [(row["doc_id"], row["first_doc_id"], row["similarity"]) for row in rows] == [
        ("a", "a", 1.0),
        ("c", "a", 1.0),
    ]
    assert {row["group_id"] for row in rows} == {"g-dddddddddddd"}

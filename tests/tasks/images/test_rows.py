"""The column that leads to images is told by its values, and by its name where several do."""

from typing import Any

import pytest

from tasks.images.rows import image_column


@pytest.mark.parametrize(
    "value",
    [
        "pics/1.PNG",
        "https://a.com/1.jpeg?width=3",
        "data:image/png;base64,AAAA",
        b"\x89PNG\r\n\x1a\n",
        {"bytes": b"", "path": "1.png"},
    ],
)
def test_paths_urls_and_bytes_lead_to_images(value: Any) -> None:
    rows = [{"sku": "a", "front": value}, {"sku": "b", "front": None}]
    assert image_column(rows) == "front"


@pytest.mark.parametrize("value", ["It leaks.", "notes.pdf", 3, b"PK", {"path": "1.png"}, "", None])
def test_other_values_do_not(value: Any) -> None:
    assert image_column([{"front": value}]) is None


def test_the_most_usual_name_counts_where_several_lead_to_images() -> None:
    rows = [{"thumb": "t.png", "Image_URL": "a.png", "path": "p.png"}]
    assert image_column(rows) == "Image_URL"
    assert image_column([]) is None

"""The name of a file is a title only where a person has written it."""

import pytest

from tasks.images.names import is_image, title_of


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("a/Red_Car-07.png", "red car"),
        ("IMG_20260301_1200.jpg", None),
        ("0a3fbeef99.png", None),
        ("Zürich am See.webp", "zürich see"),
        ("deadbeef.png", None),
    ],
)
def test_title(name: str, title: str | None) -> None:
    assert title_of(name) == title


def test_endings_in_any_case() -> None:
    assert is_image("a.JPEG")
    assert not is_image("a.svg")
    assert not is_image("png")

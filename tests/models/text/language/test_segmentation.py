"""Words of scripts without spaces."""

import pytest

from models.text.language.segmentation import with_spaces


@pytest.mark.parametrize("text", ["", "plain words, 12 of them", "ein Kürbis\n", "カタカナ 한국어"])
def test_a_text_without_ideographs_stays_as_it_is(text: str) -> None:
    assert with_spaces(text) == text


def test_words_of_ideographs_stand_apart() -> None:
    words = with_spaces("iPhone电池漏水ok").split()
    assert words == ["iPhone", "电池", "漏水", "ok"]

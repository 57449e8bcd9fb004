import numpy as np
import pytest

from models.text.near_copies import SIMILARITY, CopyOf, is_remark, near_copies

WORDS = [f"word{it}" for it in "abcdefghijklmnopqrstuvwxyz"]
SENTENCE = " ".join(WORDS[:20])


def with_changes(text: str, *places: int) -> str:
    words = text.split()
    for place in places:
        words[place] = f"other{'abcdefghijklmnopqrstuvwxyz'[place]}"
    return " ".join(words)


def runs_of(text: str) -> frozenset[tuple[str, ...]]:
    words = [] if is_remark(text) else text.split()
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def test_one_word_in_twenty_makes_a_copy_and_two_do_not() -> None:
    texts = [SENTENCE, with_changes(SENTENCE, 10), with_changes(SENTENCE, 4, 15)]
    assert near_copies(texts) == {1: CopyOf(0, 15 / 21)}


def test_a_remark_is_no_copy() -> None:
    assert near_copies(["works very well indeed", "Works very well, indeed!"]) == {}
    longer = "works very well indeed today"
    assert near_copies([longer, longer.upper()]) == {1: CopyOf(0, 1.0)}


def test_small_changes_lead_nowhere() -> None:
    """Each text is a copy of the one before; the third is none of the first and opens a group."""
    second = with_changes(SENTENCE, 3)
    third = with_changes(second, 10)
    fourth = with_changes(third, 17)
    found = near_copies([SENTENCE, second, third, fourth])
    assert {place: it.first for place, it in found.items()} == {1: 0, 3: 2}


def test_of_several_groups_the_most_similar_one_is_joined() -> None:
    near, far = with_changes(SENTENCE, 2, 3, 4, 5), SENTENCE
    text = with_changes(near, 19)
    assert near_copies([far, near, text])[2].first == 1


def test_a_script_without_spaces_is_read_word_by_word() -> None:
    text = "这家餐厅的服务态度非常好而且菜品味道也很不错下次还会再来"
    assert near_copies([text, text + "的"]).keys() == {1}


@pytest.mark.parametrize("seed", range(3))
def test_no_copy_is_missed(seed: int) -> None:
    """Against every pair compared in full."""
    rng = np.random.default_rng(seed)
    texts: list[str] = []
    for _ in range(12):
        base = rng.choice(WORDS, rng.integers(5, 25)).tolist()
        for _ in range(6):
            words = [str(rng.choice(WORDS)) if rng.random() < 0.04 else it for it in base]
            texts.append(" ".join(words[: int(rng.integers(5, 26))]))
    firsts: list[int] = []
    expected = {}
    for place, text in enumerate(texts):
        own = runs_of(text)
        best = (0.0, 0)
        for first in firsts:
            other = runs_of(texts[first])
            best = max(best, (len(own & other) / max(1, len(own | other)), -first))
        if best[0] >= SIMILARITY:
            expected[place] = CopyOf(-best[1], best[0])
        else:
            firsts.append(place)
    assert near_copies(texts) == expected
    assert len(expected) > 5

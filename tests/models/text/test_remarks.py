"""Short remarks in a planted feed: moods that go with everything, and stories with their words."""

import numpy as np
import pytest

from models.core.arrays import normalise_rows
from models.text import remarks
from models.text.remarks import _told, find_remarks, nearness

STOP_WORDS = frozenset({"it", "is", "the", "and", "very"})
MOODS = ("good", "bad", "love", "ok")
STORIES = ("battery charger cable dies", "parcel courier box lost", "coffee machine cup leaks")
RNG_SEED = 3


class Feed:
    """Longer texts of three stories, a mood in each; a text of a mood lies away from all of them.

    Short texts are added with where they lie: the number of a story, or None.
    """

    def __init__(self, n_longer: int = 90) -> None:
        self._rng = np.random.default_rng(RNG_SEED)
        self.texts: list[str] = []
        self.rows: list[np.ndarray] = []
        for number in range(n_longer):
            mood = MOODS[number // 3 % len(MOODS)]
            self.add(f"{mood} {STORIES[number % 3]} order{number}", number % 3)

    def add(self, text: str, story: int | None, spread: float = 0.1) -> int:
        """Add a text; return its position."""
        place = np.eye(6)[3 if story is None else story]
        self.texts.append(text)
        self.rows.append(place + spread * self._rng.normal(size=6))
        return len(self.texts) - 1

    def found(self) -> list[int]:
        """Return the positions of the remarks."""
        return np.flatnonzero(find_remarks(self.texts, self.X, STOP_WORDS)).tolist()

    @property
    def X(self) -> np.ndarray:  # noqa: N802 -- as everywhere
        return normalise_rows(np.array(self.rows, dtype=np.float32))


def test_words_that_go_with_everything_tell_nothing() -> None:
    feed = Feed()
    words = [set(text.split()) - {text.split()[-1]} for text in feed.texts]
    told = _told(words, np.arange(len(words)), normalise_rows(feed.X - feed.X.mean(axis=0)))
    assert told.keys() == {*MOODS, *" ".join(STORIES).split()}
    assert max(told[it] for it in MOODS) < 0.08
    assert min(told[it] for it in " ".join(STORIES).split()) > 0.5


def test_what_a_word_tells_is_the_mean_cosine_of_the_texts_that_hold_it() -> None:
    x = normalise_rows(np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32))
    every, words = np.arange(5), [{"a", "b"}, {"a"}, {"b"}, {"a"}, {"a", "b"}]
    told = _told(words, every, x)
    cosines = (x @ x.T)[np.ix_([0, 1, 3, 4], [0, 1, 3, 4])]
    assert told["a"] == pytest.approx(cosines[np.triu_indices(4, 1)].mean(), abs=1e-6)
    assert "c" not in _told([{"c"}, {"c"}, {"a"}, {"a"}, {"a"}], every, x)  # two texts are too few
    some = [0, 1, 3, 4]
    assert _told([words[it] for it in some], np.array(some), x)["a"] == told["a"]


def test_moods_are_remarks_and_short_complaints_are_not() -> None:
    feed = Feed()
    moods = [feed.add(text, None) for text in ("Good", "very good!", "OK", "it is bad", "love")]
    feed.add("battery dies", None)  # its words tell a story, wherever it lies
    feed.add("good", 0, spread=0)  # it lies in the midst of a story
    assert feed.found() == moods


def test_a_word_that_no_longer_text_holds_is_known_by_its_neighbours() -> None:
    feed = Feed()
    moods = [feed.add(text, None) for text in ("good", "ok", "bad", "love", "good ok", "bad love")]
    moods += [feed.add(text, None) for text in ("dayum", "ok boomer")]
    for text in ("waxing", "offer waxing", "waxing hours", "good waxing", "waxing prices"):
        feed.add(text, 0, spread=0.3)  # nearer to a story than to a mood, if not in its midst
    assert feed.found() == moods


def test_where_no_remark_is_known_unknown_words_tell_nothing() -> None:
    feed = Feed()
    remark = feed.add("dayum", None)
    assert feed.found() == [remark]


def test_texts_of_emoji_figures_and_stop_words_alone_are_remarks() -> None:
    feed = Feed()
    nothing = [feed.add(text, None) for text in ("👍👍", "😂", "10/10", "it is the", "v1 x2 y3 z4")]
    assert feed.found() == nothing


def test_more_words_than_three_are_no_remark() -> None:
    feed = Feed()
    remark = feed.add("good bad love and it is", None)
    feed.add("good bad love ok", None)
    assert feed.found() == [remark]


def test_ideographs_are_counted_by_their_length_as_well() -> None:
    feed = Feed()
    remark = feed.add("很好很好", None)
    feed.add("很好很好很好很好很好很好", None)
    assert feed.found() == [remark]


@pytest.mark.parametrize(("n_longer", "n_short"), [(29, 40), (60, 121)])
def test_where_few_texts_are_longer_nothing_is_set_apart(n_longer: int, n_short: int) -> None:
    feed = Feed(n_longer)
    for number in range(n_short):
        feed.add(f"good {number}", None)
    assert feed.found() == []


def test_something_must_be_left_to_be_clustered() -> None:
    for n_longer, n_found in ((59, 0), (60, 1)):
        feed = Feed(n_longer)
        feed.add("good", None)
        assert len(feed.found()) == n_found


def test_no_texts_have_no_remarks() -> None:
    assert find_remarks([], np.zeros((0, 6), np.float32), STOP_WORDS).tolist() == []


def test_the_order_of_the_texts_does_not_matter() -> None:
    feed = Feed()
    for text, story in (("good", None), ("ok", 1), ("parcel lost", 2), ("😂", None), ("bad", 0)):
        feed.add(text, story)
    found = find_remarks(feed.texts, feed.X, STOP_WORDS)
    assert 0 < found.sum() < 5
    order = np.random.default_rng(1).permutation(len(feed.texts))
    again = find_remarks([feed.texts[it] for it in order], feed.X[order], STOP_WORDS)
    np.testing.assert_array_equal(again, found[order])


def test_nearness_is_the_mean_cosine_to_the_nearest_five_but_oneself() -> None:
    x = normalise_rows(np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32))
    cosines = np.sort(x @ x.T, axis=1)
    np.testing.assert_allclose(nearness(x, x), cosines[:, -5:].mean(axis=1), rtol=1e-5)
    alone = nearness(x, x, itself=True)
    np.testing.assert_allclose(alone, cosines[:, -6:-1].mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(nearness(x, x[:2], itself=False), np.sort(x @ x[:2].T).mean(axis=1), rtol=1e-5)  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_rows_are_centred_on_the_longer_texts_in_32_bits(
    dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, centred = Feed(), []

    def caught(x: np.ndarray, out: np.ndarray) -> np.ndarray:
        centred.append(x.copy())
        return normalise_rows(x, out=out)

    monkeypatch.setattr(remarks, "normalise_rows", caught)
    n_longer = len(feed.texts)
    moods = [feed.add(text, None) for text in ("good", "ok", "bad", "love")]
    X = feed.X.astype(dtype)
    assert np.flatnonzero(find_remarks(feed.texts, X, STOP_WORDS)).tolist() == moods
    numbers = X.astype(np.float32)
    np.testing.assert_array_equal(centred[0], numbers - numbers[:n_longer].mean(axis=0))

"""Names that most documents of a cluster hold and few others: what they hold, and what they keep."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.text.keywords import count_terms, counted_keywords, sample_of_clusters
from models.text.language.stop_words import ENGLISH_WORDS
from models.text.names import UNNAMED, documents_of_sample, name_clusters

# A busy machine must not fail a property.
STEADY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def named(
    texts: Sequence[str],
    labels: Sequence[int],
    n_documents: Sequence[int] | None = None,
    known: Mapping[int, str] | None = None,
    stop_words: Collection[str] = ENGLISH_WORDS,
) -> dict[int, str]:
    whole = np.array(labels, dtype=np.int64)
    times = np.ones(len(texts), np.int64) if n_documents is None else np.array(n_documents)
    positions = sample_of_clusters(whole)
    counted, own = count_terms([texts[it] for it in positions]), whole[positions]
    weights = documents_of_sample(whole, times, positions)
    keywords = counted_keywords(counted, own)
    return name_clusters(counted, own, weights, stop_words, keywords, known or {})


def held(name: str, text: str) -> bool:
    words = set(text.split())
    return any(set(term.split(" ")) <= words for term in name.split(", "))


LEAKS = [f"kettle leaks {where}" for where in ("badly", "slowly", "always", "again", "twice")]
LIDS = [f"lid broke {when}" for when in ("today", "monday", "friday", "soon", "early")]
HUMS = [f"toaster hums {how}" for how in ("loudly", "softly", "nightly", "oddly", "daily")]
TEXTS = [*LEAKS, *LIDS, *HUMS]
LABELS = [0] * 5 + [1] * 5 + [2] * 5


def test_a_name_holds_for_every_document_of_its_cluster_and_for_no_other() -> None:
    names = named(TEXTS, LABELS)
    for text, label in zip(TEXTS, LABELS, strict=True):
        assert [other for other in names if held(names[other], text)] == [label]


def test_several_terms_cover_what_none_covers_alone() -> None:
    texts = ["svn lock"] * 6 + ["subversion merge"] * 5 + ["excel cell"] * 9 + ["qt window"] * 9
    names = named([f"{text} {n}" for n, text in enumerate(texts)], [0] * 11 + [1] * 9 + [2] * 9)
    terms = names[0].split(", ")
    assert len(terms) == 2
    assert all(held(names[0], text) for text in texts[:11])


def test_the_term_that_covers_most_stands_first() -> None:
    texts = ["oven"] * 4 + ["stove"] * 7 + ["garden"] * 11
    names = named([f"{text} {n}" for n, text in enumerate(texts)], [0] * 11 + [1] * 11)
    assert names[0] == "stove, oven"


def test_a_pair_stands_for_its_word_only_where_it_says_as_much() -> None:
    dark = [f"dark mode please {word}" for word in ("now", "soon", "today", "again", "here")]
    mixed = [f"dark {word}" for word in ("room", "night", "cellar", "street", "green")]
    light = [f"battery {word}" for word in ("empty", "flat", "dead", "weak", "swollen")]
    assert named([*dark, *light], [0] * 5 + [1] * 5)[0] == "dark mode"
    assert named([*dark[:2], *mixed, *light], [0] * 7 + [1] * 5)[0] == "dark"


def test_the_words_of_a_pair_stand_as_they_are_written_most_often() -> None:
    texts = several({"ice cream maker": 9, "cream ice": 3, "lamp": 12})
    assert "ice cream" in named(texts, [0] * 12 + [1] * 12)[0].split(", ")


def test_no_term_stands_in_two_names() -> None:
    texts = [f"app {word}" for word in ["login"] * 8 + ["crash"] * 6 + ["ads"] * 5]
    names = named([f"{text} {n}" for n, text in enumerate(texts)], [0] * 8 + [1] * 6 + [2] * 5)
    terms = [term for name in names.values() for term in name.split(", ")]
    assert len(terms) == len(set(terms))


def several(texts: Mapping[str, int]) -> list[str]:
    """Return texts as often as asked for, each with a number of its own."""
    return [f"{text} {n}" for text, times in texts.items() for n in range(times)]


def test_a_term_goes_to_the_larger_of_two_clusters_that_it_fits() -> None:
    small = [f"app {word}" for word in ("red", "blue", "pink", "grey", "gold")]
    large = [f"app {word}" for word in ("tin", "iron", "zinc", "lead", "neon", "helium")]
    middle = several({"sofa": 6})
    names = named([*small, *large, *middle], [0] * 5 + [1] * 6 + [2] * 6)
    assert names[1] == "app"
    assert "app" not in names[0].split(", ")


def test_a_term_stays_with_the_cluster_that_it_fits_far_better() -> None:
    large = [f"word{n} text{n}" if n > 6 else f"svn text{n}" for n in range(90)]
    names = named([*large, *several({"svn": 10})], [0] * 90 + [1] * 10)
    assert names[1] == "svn"


def test_a_term_that_adds_hardly_anything_is_left_out() -> None:
    texts = several({"kettle": 95, "lid": 5, "lid lamp": 1, "lamp": 99})
    assert named(texts, [0] * 100 + [1] * 100)[0] == "kettle"


def test_two_terms_that_cover_all_are_found_behind_the_best_single_one() -> None:
    texts = several({"oven grill": 7, "oven": 3, "stove grill": 7, "stove": 3, "lamp": 20})
    assert named(texts, [0] * 20 + [1] * 20)[0] == "oven, stove"


def test_a_pair_repeats_no_word_of_the_name() -> None:
    texts = several({"light": 47, "dark light": 10, "dark": 3, "sofa": 60})
    assert named(texts, [0] * 60 + [1] * 60)[0] == "light, dark"


def test_no_word_stands_beside_its_plural() -> None:
    texts = ["parcel"] * 6 + ["parcels"] * 5 + ["sofa"] * 11
    names = named([f"{text} {n}" for n, text in enumerate(texts)], [0] * 11 + [1] * 11)
    assert names[0] == "parcel"


def test_stop_words_and_digits_name_nothing() -> None:
    texts = [f"très 4g bon {word}" for word in ("vélo", "vélo a", "vélo b")] + ["rien"] * 3
    names = named(texts, [0] * 3 + [1] * 3, stop_words=ENGLISH_WORDS | {"très", "bon"})
    assert names[0] == "vélo"


def test_documents_count_and_not_their_different_texts() -> None:
    texts = ["alpha one", "alpha two", "alpha three", "omega same", "other x", "other y", "other z"]
    labels = [0, 0, 0, 0, 1, 1, 1]
    assert named(texts, labels)[0] == "alpha"
    assert named(texts, labels, n_documents=[1, 1, 1, 30, 1, 1, 1])[0].startswith("omega")


def test_a_sample_of_a_large_cluster_weighs_as_much_as_the_cluster() -> None:
    """A word of one document in a hundred is in 600 of them, of which a sixth is read."""
    large = [f"shared big{n}" if n % 101 == 0 else f"rest big{n}" for n in range(60_000)]
    small = [f"lone small{n}" if n < 20 else f"shared small{n}" for n in range(80)]
    assert named([*large, *small], [0] * 60_000 + [1] * 80) == {0: "rest", 1: "lone"}


def test_words_without_spaces_name_clusters() -> None:
    late = ["送餐太慢了", "送餐迟到了", "送餐等了很久", "送餐一个小时"]
    packed = ["包装很差", "包装破了", "包装漏汤", "包装太脏"]
    assert named([*late, *packed], [0] * 4 + [1] * 4) == {0: "送餐", 1: "包装"}


def test_a_name_is_kept_while_it_describes_the_cluster() -> None:
    known = {0: "leaks", 1: "kettle, toaster"}
    names = named(TEXTS, LABELS, known=known)
    assert names[0] == "leaks"
    # That of others is given up, and is free for them.
    assert held(names[1], LIDS[0])
    slow = several({"kettle slow": 3, "kettle": 9, "lid": 12})
    assert named(slow, [0] * 12 + [1] * 12, known={0: "slow"})[0] == "kettle"


def test_nobody_gets_a_word_of_a_name_that_is_kept() -> None:
    texts = [f"{word} {n}" for n, word in enumerate(["crash"] * 6 + ["error"] * 3 + ["slow"] * 8)]
    labels = [0] * 9 + [1] * 8
    assert named(texts, labels)[0] == "crash, error"
    names = named(texts, labels, known={1: "slow, error"})
    assert names == {0: "crash", 1: "slow, error"}


@pytest.mark.parametrize(
    ("keywords", "name"),
    [
        (["battery", "charge", "charger", "cable"], "battery, charge, charger"),
        (["credit", "credit card", "card", "fee"], "credit card, fee"),
        (["credit card", "card", "credit", "fee"], "credit card, fee"),
        (["linq", "linq sql", "linq xml", "query"], "linq sql, query"),
        (["book", "read", "books", "story"], "book, read, story"),
        (["ios", "io", "bus"], "ios, io, bus"),
        ([], UNNAMED),
    ],
)
def test_what_no_term_describes_is_named_by_its_keywords(keywords: list[str], name: str) -> None:
    counted, one = count_terms(["of"]), np.zeros(1, np.int64)
    assert name_clusters(counted, one, np.ones(1), ENGLISH_WORDS, {0: keywords}, {}) == {0: name}


def test_two_clusters_never_share_a_name() -> None:
    assert named(["", "", "", "lid"], [0, 1, 2, 3]) == {
        0: UNNAMED,
        1: f"{UNNAMED} (2)",
        2: f"{UNNAMED} (3)",
        3: "lid",
    }


@given(
    texts=st.lists(
        st.lists(
            st.sampled_from(["ab", "ba", "abc", "cd", "dc", "送餐", "the", "12", "x"]), max_size=4
        ).map(" ".join),
        min_size=1,
        max_size=14,
    ),
    labels=st.lists(st.integers(-1, 3), min_size=14, max_size=14),
    known=st.dictionaries(st.integers(0, 3), st.sampled_from(["ab", "cd, ab", "gone"])),
)
@STEADY
def test_every_cluster_has_a_name_of_its_own(
    texts: list[str], labels: list[int], known: dict[int, str]
) -> None:
    own = labels[: len(texts)]
    before = {label: name for label, name in known.items() if label in own}
    unique = {
        label: name for label, name in before.items() if list(before.values()).count(name) == 1
    }
    names = named(texts, own, known=unique)
    assert names.keys() == set(own) - {-1}
    assert len(set(names.values())) == len(names)
    assert all(names.values())
    assert named(texts, own, known=unique) == names

"""A small cluster in a language of its own is not named by the stop words of that language."""

import numpy as np

from models.text.keywords import count_terms
from models.text.language.of_clusters import languages_of_clusters, words_of_clusters

FRENCH = [
    f"La bouilloire est cassée et elle ne chauffe pas, c'est la {it}e fois" for it in range(8)
]
GERMAN = [f"Die Lieferung war leider zu spät und die Schachtel war nass, {it}" for it in range(8)]
ENGLISH = [f"My battery will die before noon every single day, number {it}" for it in range(40)]
TEXTS = [*FRENCH, *GERMAN, *ENGLISH]
LABELS = np.repeat([0, 1, 2], [8, 8, 40])


def test_a_cluster_has_the_language_of_most_of_its_texts_unless_the_feed_is_known_for_it() -> None:
    assert languages_of_clusters(TEXTS, LABELS, ["en"]) == {0: "fr", 1: "de"}
    assert languages_of_clusters(TEXTS, LABELS, ["en", "fr"]) == {1: "de"}


def test_short_texts_few_texts_and_texts_of_no_cluster_tell_nothing() -> None:
    assert languages_of_clusters(["et pas", "les"] * 9, np.zeros(18, int), ["en"]) == {}
    assert languages_of_clusters(FRENCH[:3], np.zeros(3, int), ["en"]) == {}
    assert languages_of_clusters(FRENCH, np.full(8, -1), ["en"]) == {}
    mixed = [*FRENCH, *ENGLISH[:12]]
    assert languages_of_clusters(mixed, np.zeros(20, int), ["en"]) == {}


def test_a_word_says_nothing_only_where_it_stands_mostly_in_its_own_language() -> None:
    untold = words_of_clusters(count_terms(TEXTS), LABELS, {0: "fr", 1: "de"})
    assert {"est", "pas", "elle", "und", "war"} <= untold
    assert not {"die", "bouilloire", "lieferung", "battery"} & untold
    assert words_of_clusters(count_terms(TEXTS), LABELS, {}) == frozenset()

"""Search a night by word and by meaning: its documents, and its clusters.

Reads  a night's manifest, texts, embeddings, clusters and identity model
Writes nothing
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from models.core.arrays import Floats
from models.core.threads import one_thread
from models.text.term_search import TermSearch
from tasks.boundary.excerpts import excerpt
from tasks.looking.meaning import centroids_of_clusters, query_vector, vectors_of
from tasks.looking.texts import Row, clustered, clusters_by_id, read_texts, window_tables
from tasks.store.manifests import Manifest
from tasks.store.storage import Store
from validation.errors import BAD_USAGE, NightfoldError
from validation.tables.columns import CLUSTER_ID, KEYWORDS, NAME, SIZE, TITLE

_RANK_OFFSET: Final = 60
"""Cormack, Clarke and Büttcher (2009), Reciprocal rank fusion: the value that they tried first, and
that no other beat by much."""

_CLUSTERS: Final = 3
"""By meaning every cluster is near to some degree; after the first few that says nothing."""

_CHARS: Final = 200
"""Of a text that is quoted: a line or two."""

By = Literal["word", "meaning", "both"]


class NothingToSearchError(NightfoldError, ValueError):
    """A search for a text without a letter or a digit."""

    exit_code = BAD_USAGE


@dataclass(frozen=True)
class FoundDocument:
    """A document that a search has found, by what, and its cosine where meaning is known."""

    doc_id: str
    cluster_id: str
    name: str
    by: By
    cosine: float | None
    text: str


@dataclass(frozen=True)
class FoundCluster:
    """A cluster that a search has found."""

    cluster_id: str
    name: str
    size: int
    by: By
    cosine: float | None


@dataclass(frozen=True)
class Found:
    """What a search has found, the best first.

    Parameters
    ----------
    by_meaning
        Whether meaning was compared; `why_not` says why it was not.
    n_with_a_word
        Documents that hold a word of the text.
    """

    feed: str
    night: str
    text: str
    by_meaning: bool
    why_not: str
    n_with_a_word: int
    clusters: list[FoundCluster]
    documents: list[FoundDocument]


@dataclass(frozen=True)
class Hit:
    """The place of something that was found, by what, and its cosine."""

    place: int
    by: By
    cosine: float | None


@one_thread()
def search(store: Store, text: str, limit: int) -> Found:
    """Search the window of a published night.

    Raises
    ------
    NothingToSearchError
        If the text has no word.
    DamagedFileError
        If a table, a model or a vector is damaged.
    """
    words = words_of(text)
    manifest = store.read_manifest()
    texts = read_texts(store, window_tables(store, manifest))
    documents = [it for it in clustered(store, manifest) if it[0] in texts.digest_of]
    clusters = clusters_by_id(store, manifest)
    query, why_not = query_vector(manifest, text)
    said = [texts.text(doc_id) for doc_id, _ in documents]
    by_word = word_scores(words, said)
    cosines = _cosines(store, manifest, query, [texts.digest_of[it] for it, _ in documents])
    return Found(
        feed=manifest.feed,
        night=manifest.night,
        text=text,
        by_meaning=query is not None,
        why_not=why_not,
        n_with_a_word=sum(score > 0 for score in by_word),
        clusters=_clusters(store, manifest, list(clusters.values()), words, query),
        documents=[
            FoundDocument(
                doc_id=documents[hit.place][0],
                cluster_id=documents[hit.place][1],
                name=clusters[documents[hit.place][1]][NAME],
                by=hit.by,
                cosine=hit.cosine,
                text=excerpt(said[hit.place], _CHARS),
            )
            for hit in fused(by_word, cosines, limit)
        ],
    )


def words_of(text: str) -> list[str]:
    """Return the distinct words of a text, in small letters.

    Raises
    ------
    NothingToSearchError
        If it has none.
    """
    words = list(dict.fromkeys(re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text.casefold())))
    if not words:
        raise NothingToSearchError(f"a search needs a word, got {text!r:.60}")
    return words


def word_scores(words: Sequence[str], texts: Sequence[str]) -> list[float]:
    """Return the sum of the weights of those words that each text holds.

    A word weighs the more the fewer texts hold it (inverse document frequency, and never nothing);
    how often a text repeats it does not matter.
    """
    searches = [TermSearch([word]) for word in words]
    held = [[place for place, it in enumerate(searches) if it.first_in(text)] for text in texts]
    counts = Counter(place for places in held for place in places)
    weight = {place: math.log1p(len(texts) / n) for place, n in counts.items()}
    return [sum(weight[place] for place in places) for places in held]


def fused(by_word: Sequence[float], cosines: Floats | None, limit: int) -> list[Hit]:
    """Rank what was found by word and by meaning together.

    Parameters
    ----------
    by_word
        Score of each text; 0 where it holds no word.
    cosines
        Of each text to what is looked for, shape (n_texts,); None where meaning is not compared.
    limit
        Of what is returned. By meaning no more than so many count as found: every text has a
        cosine.
    """
    with_word = sorted(
        (place for place, score in enumerate(by_word) if score > 0),
        key=lambda place: (-by_word[place], 0 if cosines is None else -cosines[place], place),
    )
    near = [] if cosines is None else np.argsort(-cosines, kind="stable")[:limit].tolist()
    score: dict[int, float] = {}
    for ranking in (with_word, near):
        for rank, place in enumerate(ranking, start=1):
            score[place] = score.get(place, 0) + 1 / (_RANK_OFFSET + rank)
    best = sorted(score, key=lambda place: (-score[place], place))[:limit]
    is_near = set(near)
    return [
        Hit(
            place,
            _by(by_word[place] > 0, place in is_near),
            None if cosines is None else round(float(cosines[place]), 4),
        )
        for place in best
    ]


def _by(has_word: bool, is_near: bool) -> By:
    if has_word and is_near:
        return "both"
    return "word" if has_word else "meaning"


def _cosines(
    store: Store, manifest: Manifest, query: Floats | None, digests: Sequence[str]
) -> Floats | None:
    """Return the cosine of each document's text; each text's vector is read once."""
    if query is None:
        return None
    distinct = list(dict.fromkeys(digests))
    of_text: Floats = vectors_of(store, manifest, distinct) @ query
    place = {digest: position for position, digest in enumerate(distinct)}
    return of_text[[place[digest] for digest in digests]]


def _clusters(
    store: Store,
    manifest: Manifest,
    clusters: list[Row],
    words: Sequence[str],
    query: Floats | None,
) -> list[FoundCluster]:
    """Find clusters by the words that describe them, and by the meaning of their centroids."""
    by_word = word_scores(words, [described(row) for row in clusters])
    cosines = None
    if query is not None:
        cosines = cosines_to(query, centroids_of_clusters(store, manifest), clusters)
    return [
        FoundCluster(
            cluster_id=clusters[hit.place][CLUSTER_ID],
            name=clusters[hit.place][NAME],
            size=clusters[hit.place][SIZE],
            by=hit.by,
            cosine=hit.cosine,
        )
        for hit in fused(by_word, cosines, min(_CLUSTERS, len(clusters)))
    ]


def described(cluster: Row) -> str:
    """Return the words that describe a cluster: its name, its title, its keywords."""
    title = cluster.get(TITLE) or ""
    return " · ".join([cluster[NAME], title, *(cluster[KEYWORDS] or [])])


def cosines_to(query: Floats, centroids: Mapping[str, Floats], clusters: Sequence[Row]) -> Floats:
    """Return the cosine of each cluster's centroid; -1 of one without, such as short remarks."""
    return np.array(
        [
            float(centroids[row[CLUSTER_ID]] @ query) if row[CLUSTER_ID] in centroids else -1.0
            for row in clusters
        ],
        dtype=np.float32,
    )

"""Clusters of a night that know nothing of the nights before: fitted afresh, and kept."""

import hashlib
import json
import logging
from pathlib import Path

import numpy as np
from identity_store import Labels, Night, Vectors

from models.nightfold.clustering import NightfoldClustering
from models.text.lexical.views import LexicalViews

logger = logging.getLogger("identity")


def refitted_labels(night: Night, vectors: Vectors, cache: Path) -> Labels:
    """Label the documents of a night's window by a fit of its own, or as an earlier run did.

    The fit has the settings of the night: encoder, number of clusters or ``"auto"``, and seed.
    """
    texts = vectors.texts(night)
    kept = cache / f"{_digest(night, list(texts))}.npy"
    if not kept.is_file():
        logger.info("night %s: clustering %d texts for the rivals", night.night, len(texts))
        labels = _fit(night, vectors, texts)
        cache.mkdir(parents=True, exist_ok=True)
        np.save(kept, labels)
    label_of = dict(zip(texts, np.load(kept).tolist(), strict=True))
    return np.array([label_of[digest] for digest in vectors.digests(night)])


def _fit(night: Night, vectors: Vectors, texts: dict[str, str]) -> Labels:
    seed = night.config["random_state"]
    lexical = LexicalViews(night.config["embed"]["lexical_dim"], seed).fit(list(texts.values()))
    embeddings = vectors.of(list(texts))
    model = NightfoldClustering(
        night.config["clustering"]["n_clusters"],
        view_dims=(embeddings.shape[1], *lexical.dims),
        random_state=seed,
    )
    labels = model.fit_predict(np.hstack([embeddings, lexical.transform(list(texts.values()))]))
    return np.asarray(labels, dtype=np.int64)


def _digest(night: Night, digests: list[str]) -> str:
    """Name what decides the labels."""
    config = {name: night.config[name] for name in ("random_state", "embed", "clustering")}
    decides = json.dumps([night.encoder, config, digests], sort_keys=True)
    return hashlib.sha256(decides.encode()).hexdigest()[:16]

"""Closeness in meaning to what a published night knows: its texts, its clusters.

Reads  embeddings, the identity model of a night
Writes nothing
"""

from collections.abc import Mapping, Sequence

from models.core.arrays import Floats
from models.encoding.encoder import EncoderUnreachableError
from tasks.operating.placing import CannotAssignError, encoded_as_then, load_aside
from tasks.store.embeddings import EmbeddingShelf
from tasks.store.manifests import Manifest
from tasks.store.storage import Store
from validation.errors import SettingError


def vectors_of(store: Store, manifest: Manifest, digests: Sequence[str]) -> Floats:
    """Return the vectors of texts of the window, shape (n_texts, embedding_dim)."""
    encoder = manifest.encoder
    return EmbeddingShelf(store.root, encoder.name, encoder.digest).gather(list(digests))


def centroids_of_clusters(store: Store, manifest: Manifest) -> Mapping[str, Floats]:
    """Return the centroid of every cluster that the night remembers, by its id."""
    from models.core.persistence import load_state

    tensors, story = load_aside(store, manifest.model("identity"), load_state)
    ids = [cluster["cluster_id"] for cluster in story["clusters"]]
    return dict(zip(ids, tensors["centroids"], strict=True))


def query_vector(manifest: Manifest, text: str) -> tuple[Floats | None, str]:
    """Embed what is looked for as the night has embedded its texts.

    Returns
    -------
    Its vector, shape (embedding_dim,), or None and why there is none.
    """
    try:
        vector: Floats = encoded_as_then(manifest, [text])[0]
    except (CannotAssignError, EncoderUnreachableError, SettingError) as error:
        return None, str(error)
    return vector, ""

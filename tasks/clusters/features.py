"""What an estimator clusters: the window's vectors, side by side as it wants them.

Reads  items (embedding), the lexical views
"""

from models.core.arrays import AnyFloats
from tasks.clusters.estimators import ClusteringSettings, class_of
from tasks.store.storage import Store
from tasks.vectors.matrices import read_in_16_bits, read_matrix
from tasks.vectors.views import Views
from validation.tables.columns import EMBEDDING, LEXICAL


def read_features(store: Store, views: Views, settings: ClusteringSettings) -> AnyFloats:
    """Read the embeddings, and the lexical views beside them where the estimator uses these.

    Items that are no texts have no lexical views.

    Returns
    -------
    Shape (n_texts, sum of the widths). Where there are lexical views all numbers are such as 16
    bits hold, and lie in these: of a million texts they are 2 gigabytes.
    """
    if views.lexical is None or not class_of(settings.estimator).uses_views:
        return read_matrix(store, views.items, EMBEDDING)
    return read_in_16_bits(store, [(views.items, EMBEDDING), (views.lexical, LEXICAL)])

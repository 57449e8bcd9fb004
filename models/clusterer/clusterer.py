"""What the flow asks of an estimator: two steps, to be saved in between, and what it can do.

Importing this module is cheap.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from models.core.arrays import Floats, Labels
from models.core.records import Progress

if TYPE_CHECKING:
    from models.counting.n_clusters import NClustersChoice


class Clusterer(Protocol):
    """An estimator whose representation and clusters are learnt in two steps.

    Attributes
    ----------
    uses_views
        Whether it clusters the lexical views beside the embedding: see `fuse`. It is made with
        their widths then, as ``view_dims``, and knows where the rows that it was refined on lie,
        as ``latent_``.
    goes_on
        Whether it can continue from an earlier fit: `continue_pretraining`, `continue_refinement`.
    finds_topics
        Whether it finds ``topics_`` above the clusters. It takes a ``granularity`` then, and the
        numbers that an earlier fit chose, as ``near``.
    pretrainings
        Ways in which it can be told to learn its representation; none: it cannot be told.
    takes_n_clusters
        Whether it can be told how many clusters to find; otherwise it always finds out itself.
    """

    uses_views: ClassVar[bool]
    goes_on: ClassVar[bool]
    finds_topics: ClassVar[bool]
    pretrainings: ClassVar[tuple[str, ...]]
    takes_n_clusters: ClassVar[bool]

    labels_: Labels
    latent_: Floats
    soft_assignments_: NDArray[np.floating[Any]]
    n_clusters_: int
    topics_: Labels
    n_clusters_choice_: "NClustersChoice | None"

    def pretrain(self, X: Floats, *, progress: Progress | None = None) -> Self:
        """Learn the representation."""
        ...

    def refine(self, X: Floats, *, progress: Progress | None = None) -> Self:
        """Find the clusters in it."""
        ...

    def continue_pretraining(
        self, X: Floats, is_new: NDArray[np.bool_], *, progress: Progress | None = None
    ) -> Self:
        """Learn new rows into the representation of an earlier fit; see `goes_on`."""
        ...

    def continue_refinement(self, X: Floats, *, progress: Progress | None = None) -> Self:
        """Place rows in the clusters of an earlier fit, and refine these; see `goes_on`."""
        ...

    def transform(self, X: Floats) -> Floats:
        """Return the latent vectors, shape (n_samples, latent_dim)."""
        ...

    def fuse(self, X: Floats) -> Floats:
        """Return rows of length one in which alike ones are near each other; see `uses_views`."""
        ...

    def predict_proba(self, X: Floats) -> NDArray[np.floating[Any]]:
        """Return the memberships of rows, shape (n_samples, n_clusters_)."""
        ...

    def save(self, folder: Path) -> None:
        """Write weights and parameters."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        ...

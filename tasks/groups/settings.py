"""The settings of a night's clusters: how they are found, and within the values of which column."""

from typing import Self

from pydantic import Field, model_validator

from tasks.clusters.estimators import ClusteringSettings


class NightClustering(ClusteringSettings):
    """Which estimator clusters the window, into how many clusters, and in which groups."""

    by: str | None = Field(
        None,
        min_length=1,
        description="Column of the feed that documents are grouped by: each value has clusters of"
        " its own; only where n_clusters is auto. All documents are clustered together if left"
        " empty.",
    )

    @model_validator(mode="after")
    def _groups_differ_in_size(self) -> Self:
        if self.by is not None and self.n_clusters != "auto":
            raise ValueError(
                f"n_clusters must be 'auto' with by, as groups differ in size, got"
                f" {self.n_clusters}"
            )
        return self

    def of_a_group(self) -> ClusteringSettings:
        """Return the settings of a single clustering, of a group or of all documents."""
        fields = ClusteringSettings.model_fields
        return ClusteringSettings(**{name: getattr(self, name) for name in fields})

"""How many topics and themes a fit has chosen: kept for the next one, and told in the manifest."""

from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict

from tasks.store.history import PastNight

if TYPE_CHECKING:
    from models.clusterer.clusterer import Clusterer


class ChosenNumbers(BaseModel):
    """What a full fit has chosen; see `models.counting.n_clusters.NClustersChoice`."""

    model_config = ConfigDict(frozen=True)

    topics: int
    themes: int
    range_of_themes: tuple[int, int]

    @classmethod
    def of(cls, estimator: "Clusterer") -> Self | None:
        """Return those of an estimator; None where the number of clusters was given to it."""
        choice = estimator.n_clusters_choice_ if estimator.finds_topics else None
        if choice is None:
            return None
        topics, themes = choice.n_clusters, choice.n_themes
        return cls(topics=topics, themes=themes, range_of_themes=choice.range_of_themes)

    @classmethod
    def of_night(cls, last: PastNight | None, recipe: str) -> Self | None:
        """Return those that the last night stood by; None where they were chosen otherwise.

        Parameters
        ----------
        last
            The night before tonight.
        recipe
            Key of tonight's; see `tasks.clusters.plan_fit.Recipe`.
        """
        if last is None or last.numbers is None or (last.fit or {}).get("recipe") != recipe:
            return None
        return cls.model_validate(last.numbers)

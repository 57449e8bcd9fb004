import pytest

from models.nightfold.clustering import NightfoldClustering
from models.nightfold.parameters import check_parameters


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("n_clusters", 0, "n_clusters must be an integer of at least 1, got 0"),
        ("n_clusters", "some", "n_clusters must be an integer of at least 1, got 'some'"),
        ("latent_dim", "auto", "latent_dim must be an integer of at least 1, got 'auto'"),
        ("n_neighbors", 2.5, "n_neighbors must be an integer of at least 1, got 2.5"),
        ("pretrain_epochs", -1, "pretrain_epochs must be an integer of at least 0, got -1"),
        ("granularity", 0.0, "granularity must be above 0, got 0.0"),
        ("lexical_weight", float("nan"), "lexical_weight must be above 0, got nan"),
        ("rows", "songs", "rows must be one of texts, items, got 'songs'"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named_with_its_value(
    name: str, value: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        check_parameters(NightfoldClustering(**{name: value}))


def test_the_smallest_values_are_allowed() -> None:
    check_parameters(
        NightfoldClustering(
            1, latent_dim=1, n_neighbors=1, pretrain_epochs=0, granularity=1e-9, lexical_weight=1e-9
        )
    )

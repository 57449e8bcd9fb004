"""The settings of a night's clusters."""

import pytest
from pydantic import ValidationError

from tasks.clusters.estimators import ClusteringSettings
from tasks.frame.stage import cache_key
from tasks.groups.settings import NightClustering


def test_groups_need_numbers_of_their_own() -> None:
    with pytest.raises(ValidationError, match=r"n_clusters must be 'auto' with by, .* got 4"):
        NightClustering(by="app", n_clusters=4)


def test_a_model_does_not_depend_on_the_groups_beside_it() -> None:
    found = NightClustering(by="app", granularity=3).of_a_group()
    assert found == ClusteringSettings(granularity=3)
    keys = {
        cache_key("s", 1, {"settings": it}) for it in (found, ClusteringSettings(granularity=3))
    }
    assert len(keys) == 1

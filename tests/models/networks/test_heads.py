"""One classifier per view: a mean opinion, and heads that forget clusters."""

import pytest
import torch
from torch import Tensor

from models.networks import heads as module
from models.networks.heads import ClusterHeads


@pytest.fixture
def heads() -> ClusterHeads:
    torch.manual_seed(0)
    return ClusterHeads([4, 3], 5, 8, 0.5)


def views() -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(10, width, generator=generator) for width in (4, 3)]


def test_memberships_are_the_normalised_geometric_mean_of_the_views(heads: ClusterHeads) -> None:
    found = heads.predict_proba(views())
    product = torch.ones(10, 5)
    for log_probabilities in heads(torch.cat(views(), dim=1)):
        product *= log_probabilities.exp()
    expected = product.sqrt() / product.sqrt().sum(dim=1, keepdim=True)
    torch.testing.assert_close(found, expected)


def test_a_row_is_placed_alike_whatever_comes_with_it(
    heads: ClusterHeads, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = heads.train().predict_proba(views())  # without dropout, even where it was in training
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 3)
    torch.testing.assert_close(heads.predict_proba(views()), whole)


def test_restricted_heads_know_the_kept_clusters_in_their_order(heads: ClusterHeads) -> None:
    kept = torch.tensor([3, 1])
    whole, part = heads.predict_proba(views()), heads.restricted_to(kept).predict_proba(views())
    expected = whole[:, kept] / whole[:, kept].sum(dim=1, keepdim=True)
    torch.testing.assert_close(part, expected)
    assert heads.n_clusters == 5

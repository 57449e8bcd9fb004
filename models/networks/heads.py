"""Cluster heads: one small classifier per view, whose mean opinion places a document."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

from models.networks.dropout import Dropout

_ROWS_AT_ONCE: Final = 8_192
_HIDDEN: Final = "1"
_OUTPUT: Final = "4"
"""A head's two layers with weights, by their places in the chain of five (dropout, hidden, ReLU,
dropout, output) under which models of earlier nights have them."""


class ClusterHeads(nn.Module):
    """One classifier per view.

    Parameters
    ----------
    view_dims
        Width of each view.
    n_clusters
        Classes of every head.
    hidden_dim
        Width of the hidden layer.
    dropout
        Share of inputs, and of hidden units, left out while training.
    """

    def __init__(
        self, view_dims: Sequence[int], n_clusters: int, hidden_dim: int, dropout: float
    ) -> None:
        super().__init__()
        self.view_dims = list(view_dims)
        self.n_clusters = n_clusters
        self.hidden_dim = hidden_dim
        self.dropout = dropout
        self.input_dropout = Dropout(dropout)
        self.hidden_dropout = Dropout(dropout)
        self._layers = [
            (nn.Linear(view_dim, hidden_dim), nn.Linear(hidden_dim, n_clusters))
            for view_dim in view_dims
        ]
        self.heads = nn.ModuleList(
            nn.ModuleDict({_HIDDEN: hidden, _OUTPUT: output}) for hidden, output in self._layers
        )

    def forward(self, rows: Tensor) -> Tensor:
        """Compute log-probabilities by view, shape (n_views, n_samples, n_clusters).

        The views stand side by side in the rows, shape (n_samples, sum of view_dims). All heads are
        computed at once where they can be: in a small feed, calls cost more than numbers.
        """
        views = self.input_dropout(rows).split(self.view_dims, dim=1)
        hidden = [layers[0](view) for layers, view in zip(self._layers, views, strict=True)]
        kept = self.hidden_dropout(torch.stack(hidden).relu())
        weights = torch.stack([output.weight for _, output in self._layers])
        biases = torch.stack([output.bias for _, output in self._layers])
        return torch.baddbmm(biases[:, None], kept, weights.mT).log_softmax(dim=2)

    @torch.no_grad()
    def restricted_to(self, clusters: Tensor) -> "ClusterHeads":
        """Return heads that know these clusters only, in this order; shape (n_kept,)."""
        kept = ClusterHeads(self.view_dims, len(clusters), self.hidden_dim, self.dropout)
        weights = self.state_dict()
        for name, weight in weights.items():
            is_output = name.split(".")[2] == _OUTPUT
            weights[name] = weight[clusters.to(weight.device)] if is_output else weight
        kept.load_state_dict(weights)
        return kept.to(next(self.parameters()).device).eval()

    @torch.no_grad()
    def predict_proba(self, views: Sequence[Tensor]) -> Tensor:
        """Combine the heads by their geometric mean, shape (n_samples, n_clusters)."""
        self.eval()
        device = next(self.parameters()).device
        parts = []
        for rows in zip(*(torch.split(view, _ROWS_AT_ONCE) for view in views), strict=True):
            log_probabilities = self(torch.cat(rows, dim=1).to(device))
            parts.append(log_probabilities.mean(dim=0).softmax(dim=1).cpu())
        return torch.cat(parts)

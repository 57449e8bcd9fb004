"""Cluster heads: one small classifier per view, whose mean opinion places a document."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

from models.networks.dropout import Dropout

_ROWS_AT_ONCE: Final = 8_192
_OUTPUT: Final = "4"
"""Of a head's five layers, the one with a row of weights for each cluster."""


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
        self.heads = nn.ModuleList(
            nn.Sequential(
                Dropout(dropout),
                nn.Linear(view_dim, hidden_dim),
                nn.ReLU(),
                Dropout(dropout),
                nn.Linear(hidden_dim, n_clusters),
            )
            for view_dim in view_dims
        )

    def forward(self, views: Sequence[Tensor]) -> list[Tensor]:
        """Log-probabilities by view, each of shape (n_samples, n_clusters)."""
        return [head(view).log_softmax(dim=1) for head, view in zip(self.heads, views, strict=True)]

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
            log_probabilities = self([view.to(device) for view in rows])
            parts.append(torch.stack(log_probabilities).mean(dim=0).softmax(dim=1).cpu())
        return torch.cat(parts)

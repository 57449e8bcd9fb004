"""Dropout with a cheap mask: torch's own took a third of the processor time of a refinement."""

from typing import Final

import torch
from torch import Tensor, nn

_LEVELS: Final = 2**16
"""What 16 bits can tell apart: enough for a share, and four fit in a number that is drawn."""

_LOWEST: Final = -(2**15)
_PER_WORD: Final = 4
_SMALLEST: Final = torch.iinfo(torch.int64).min


class Dropout(nn.Module):
    r"""Leave out a random share of the values while training, and scale up those that are kept.

    .. math::
        y_i = \frac{m_i}{1 - p} x_i, \quad m_i \sim \mathrm{Bernoulli}(1 - p)

    As `torch.nn.Dropout`, but for the mask: 16 random bits decide on each value, four values for
    every number drawn, which is about three times as fast on a processor.

    Parameters
    ----------
    p
        Share of the values that is left out, at least 0 and below 1; held to 1 / 65,536.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), Dropout: A Simple Way to
    Prevent Neural Networks from Overfitting.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"p must be at least 0 and below 1, got {p!r}")
        self.p = p

    def forward(self, values: Tensor) -> Tensor:
        """Apply dropout to values of any shape; outside training they are returned as they are."""
        if not self.training or self.p == 0:
            return values
        count = values.numel()
        words = torch.empty(-(-count // _PER_WORD), dtype=torch.int64, device=values.device)
        levels = words.random_(_SMALLEST, None).view(torch.int16)[:count].view(values.shape)
        # As numbers at once: a mask of booleans to be made numbers takes five times as long.
        mask = torch.empty_like(values, requires_grad=False)
        torch.ge(levels, _LOWEST + round(self.p * _LEVELS), out=mask)
        return values * mask.mul_(1 / (1 - self.p))

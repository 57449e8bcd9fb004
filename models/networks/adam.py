"""Adam over torch's own function: the classes of `torch.optim` load torch's compiler when made.

That compiler, which nightfold does not use, costs each process that trains about two seconds of
processor time: half of what the refinement of a small feed takes.
"""

from collections.abc import Iterable
from typing import Final

import torch
from torch.nn import Parameter
from torch.optim.adam import adam

_BETAS: Final = (0.9, 0.999)
_EPSILON: Final = 1e-8
"""The authors' own, and torch's."""


class Adam:
    r"""Adam, or AdamW where there is weight decay; the same bits as `torch.optim`, fused.

    .. math::
        m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \quad
        v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2, \quad
        \theta_t = (1 - \alpha \lambda) \theta_{t-1}
            - \alpha \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    parameters
        What to train, all on one device; those without a gradient are left as they are.
    learning_rate
        :math:`\alpha`; may be set anew between steps.
    weight_decay
        :math:`\lambda`, decoupled from the gradient.

    Raises
    ------
    ValueError
        If there is nothing to train.

    References
    ----------
    Kingma, Ba (2015), Adam: A Method for Stochastic Optimization, algorithm 1.
    Loshchilov, Hutter (2019), Decoupled Weight Decay Regularization, algorithm 2.
    """

    def __init__(
        self, parameters: Iterable[Parameter], learning_rate: float, weight_decay: float = 0.0
    ) -> None:
        self.parameters = [parameter for parameter in parameters if parameter.requires_grad]
        if not self.parameters:
            raise ValueError("parameters must hold at least one to train, got none")
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self._means = [torch.zeros_like(parameter) for parameter in self.parameters]
        self._squares = [torch.zeros_like(parameter) for parameter in self.parameters]
        self._steps = [torch.zeros((), device=self.device) for _ in self.parameters]

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.parameters[0].device

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Take one step along the gradients."""
        trained = [number for number, each in enumerate(self.parameters) if each.grad is not None]
        adam(
            [self.parameters[number] for number in trained],
            [grad for each in self.parameters if (grad := each.grad) is not None],
            [self._means[number] for number in trained],
            [self._squares[number] for number in trained],
            [],
            [self._steps[number] for number in trained],
            fused=True,
            decoupled_weight_decay=True,
            amsgrad=False,
            beta1=_BETAS[0],
            beta2=_BETAS[1],
            lr=self.learning_rate,
            weight_decay=self.weight_decay,
            eps=_EPSILON,
            maximize=False,
        )

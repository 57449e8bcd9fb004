"""Batches of texts by their tokens: as many as a budget allows, and hardly any padding."""

from collections.abc import Sequence
from typing import Final

import torch

TOKENS_ON_CPU: Final = 512
"""Budget of a batch on one thread: its activations stay in the caches of a core. With OpenVINO,
2,048 cost a third more processor time on short texts, and 8,192 twice as much."""

_BYTES_PER_TOKEN: Final = 65_536
"""Activations of one token in a layer of a wide encoder (1,024 × 4, with attention), in float32."""

_SHARE_OF_MEMORY: Final = 0.125
"""Of an accelerator's memory, for one batch; the night's other steps need theirs."""


def token_batches(lengths: Sequence[int], budget: int, most_texts: int) -> list[list[int]]:
    """Cut texts into batches whose rows times longest row stay within a budget.

    Parameters
    ----------
    lengths
        Tokens of each text.
    budget
        Tokens of a batch, padding included; a text that is longer has a batch of its own.
    most_texts
        Texts of a batch.

    Returns
    -------
    Positions of the texts, batch by batch, the longest first: too little memory shows at once.
    They depend on the lengths alone.
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    batches = []
    start = 0
    while start < len(order):
        fitting = budget // max(lengths[order[start]], 1)
        batch = order[start : start + max(1, min(fitting, most_texts))]
        batches.append(batch)
        start += len(batch)
    return batches


def token_budget(device: torch.device) -> int:
    """Return how many tokens a batch has on a device.

    By the accelerator's memory as it was built, not by what is free: a run that goes on after a
    kill must make the same batches.
    """
    if device.type != "cuda":
        return TOKENS_ON_CPU
    n_bytes = torch.cuda.get_device_properties(device).total_memory
    return max(TOKENS_ON_CPU, int(_SHARE_OF_MEMORY * n_bytes) // _BYTES_PER_TOKEN)

"""What training tells while it runs, and what it leaves behind.

Importing this module is cheap, so that whoever only passes these on needs no torch.
"""

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, int, int, float], None]
"""Called after each epoch: name of the step, epochs done, epochs in all, loss of the last one."""

History: TypeAlias = list[dict[str, float | None]]
"""One record for each epoch: ``epoch`` (from 1), ``loss``, and the named parts of the loss."""

"""What is wrong with a file of the store, and how it is put right."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tasks.files import copy_atomically


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Parameters
    ----------
    file
        Relative to the store's root.
    rule
        What should hold, as a word.
    problem
        What was found instead.
    remedy
        What a person does about it, where `repair` does nothing.
    source
        A copy of the file with the right content, relative to the root: it can be put back.
    is_removable
        Whether the next run makes it again, or nobody misses it.
    mend
        Puts right what neither a copy nor the removal of one file does.
    deed
        What `mend` does, as --repair announces it.
    """

    file: str
    rule: str
    problem: str
    remedy: str = ""
    source: str | None = None
    is_removable: bool = False
    mend: Callable[[], None] | None = field(default=None, compare=False)
    deed: str = "takes them from state/"

    @property
    def is_repairable(self) -> bool:
        """Whether `repair` helps."""
        return self.is_removable or self.source is not None or self.mend is not None

    def line(self) -> str:
        """Say it: file, rule, problem, what to do."""
        advice = self.remedy
        if self.is_repairable:
            advice = f"--repair {self._deed()}{f': {self.remedy}' if self.remedy else ''}"
        return f"{self.file}: {self.rule}: {self.problem}; {advice}"

    def _deed(self) -> str:
        if self.is_removable:
            return "removes it"
        return "puts back the copy in state/" if self.source else self.deed


def repair(root: Path, finding: Finding) -> None:
    """Put back, make again or remove the file of a finding; what none of it helps is left alone."""
    path = root / finding.file
    if finding.source is not None:
        copy_atomically(root / finding.source, path)
    elif finding.mend is not None:
        finding.mend()
    elif finding.is_removable:
        path.unlink(missing_ok=True)

"""What is wrong with a file of the store, and how it is repaired."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tasks.store.aside.trash import make_way, move_to_trash
from tasks.store.files import copy_atomically, sha256_of
from tasks.store.storage import FeedStore, Ref


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
        Whether it is a temporary, or the next run makes it again.
    is_movable
        Whether it can go to the trash: it is in the way, and nothing says what it is.
    mend
        Makes what is lost out of other files of the store.
    deed
        What `mend` does, after "--repair".
    """

    file: str
    rule: str
    problem: str
    remedy: str = ""
    source: str | None = None
    is_removable: bool = False
    is_movable: bool = False
    mend: Callable[[], None] | None = field(default=None, compare=False)
    deed: str = "takes them from state/"

    @property
    def is_repairable(self) -> bool:
        """Whether `repair` helps."""
        can_go = self.is_removable or self.is_movable
        return can_go or self.source is not None or self.mend is not None

    def line(self) -> str:
        """Return it as one line: file, rule, problem, what to do."""
        advice = self.remedy
        if self.is_repairable:
            advice = f"--repair {self._deed()}{f': {self.remedy}' if self.remedy else ''}"
        return f"{self.file}: {self.rule}: {self.problem}; {advice}"

    def _deed(self) -> str:
        if self.source is not None:
            return "puts back the copy in state/"
        if self.mend is not None:
            return self.deed
        return "moves it to trash/" if self.is_movable else "removes it"


def repair(root: Path, finding: Finding) -> None:
    """Put back, make again, move or remove a finding's file; leave alone what none of it helps."""
    if finding.source is not None:
        make_way(root, finding.file)
        copy_atomically(root / finding.source, root / finding.file)
    elif finding.mend is not None:
        finding.mend()
    elif finding.is_movable:
        move_to_trash(root, finding.file)
    elif finding.is_removable:
        (root / finding.file).unlink(missing_ok=True)


def file_problem(store: FeedStore, ref: Ref) -> str | None:
    """Return what is wrong with the file of a reference, if anything is."""
    path = store.resolve(ref)
    try:
        if not path.is_file():
            return "it is not a file" if os.path.lexists(path) else "it is not there"
        is_whole = sha256_of(path) == ref.sha256
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    return None if is_whole else "its content is not what the manifest says"

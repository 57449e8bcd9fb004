"""What is said of a night in groups as a whole: which labels, and how far to trust them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from models.quality.trust import FIRST_LOOK
from tasks.boundary.counted import counted


def labels_of_all(by: str, labels: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Sum up what each group tells of its labels.

    Parameters
    ----------
    by
        The column that documents are grouped by.
    labels
        What each group tells: `published`, `reason` and `trust`, whose first word is the rating.
    """
    published = {it["published"] for it in labels}
    rated = Counter(it["trust"].split(":")[0] for it in labels)
    said = ", ".join(f"{word} in {n}" for word, n in sorted(rated.items()))
    besides = FIRST_LOOK if all(it["trust"].endswith(FIRST_LOOK) for it in labels) else ""
    return {
        "published": published.pop() if len(published) == 1 else "refined and baseline",
        "reason": f"decided in each of {counted(len(labels), 'group')} by {by}",
        "trust": f"by group, {said}{besides}",
    }

"""Items that were looked at, checked as those of a first night."""

from functools import partial

from tasks.items.looked import LookedAt
from tasks.operating.trial import Trial
from tasks.preparing.checks import CheckSettings, judge_raw
from tasks.store.storage import Store, read_batches
from validation.items.item_rules import ItemRules
from validation.usual import UsualNight


def tried_items(aside: Store, looked: LookedAt, check: CheckSettings, rules: ItemRules) -> Trial:
    """Check the rows of items by the rules of their kind; see `tasks.operating.trial.try_feed`.

    Parameters
    ----------
    aside
        An empty place that is like a night's place in a store.
    looked
        The items.
    check
        As a night has it.
    rules
        Of their kind.
    """
    raw = looked.raw
    limits = check.raw_limits(aside.night, UsualNight()).without_dates()
    verdict = judge_raw(partial(read_batches, aside, raw.rows), limits, rules)
    return Trial(aside, raw, limits, verdict, has_digests=True, contents=looked.contents)

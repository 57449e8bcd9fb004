"""Where a night stands among the published ones: what is missing before it, what is there after."""

from tasks.store.storage import Store
from validation.errors import NightfoldError


class NightOutOfTurnError(NightfoldError, ValueError):
    """A night that nobody asked for by name, and that lies before a published one."""


def turn_of(store: Store, is_said: bool) -> list[str]:
    """Return what is unusual about a night's place, a sentence each.

    Parameters
    ----------
    store
        Which night.
    is_said
        Whether somebody named the night; otherwise it is the clock's.

    Raises
    ------
    NightOutOfTurnError
        If the clock says a night before a published one: tonight's feed would be published as, or
        would replace, a night of the past.
    """
    nights = store.published_nights()
    before = [night for night in nights if night < store.night]
    after = [night for night in nights if night > store.night]
    if after and not is_said:
        raise NightOutOfTurnError(
            f"it is {store.night} by this machine's clock (UTC), and night {after[-1]} of feed"
            f" {store.feed} is published already: set the clock right, or say --night"
            f" {store.night} to run that night of the past"
        )
    said = []
    missing = (store.night - before[-1]).days - 1 if before else 0
    if missing:
        said.append(
            f"{missing:,} {'night is' if missing == 1 else 'nights are'} missing after"
            f" {before[-1]}: this night continues from there; `nightfold backfill` runs what is"
            " missing"
        )
    if after:
        said.append(
            f"{len(after):,} later {'night is' if len(after) == 1 else 'nights are'} published, up"
            f" to {after[-1]}: they stay as they are, and their documents are not read again"
        )
    return said

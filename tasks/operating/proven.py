"""Settings that a feed's own rows prove, which `nightfold init` sets for it."""

from typing import Final, NamedTuple

from tasks.operating.check_feed import FeedCheck
from tasks.operating.date_order import DateOrder
from tasks.reading.formats.settings import DETECT

ENCODING: Final = "encoding"

ORDER: Final = frozenset({"date_format", "day_first"})
"""Settings that say in which order dates are written."""

_DECODES: Final = "text_decodes"
"""Rule that a row breaks whose bytes its encoding lacks."""


_HINT: Final = "; set `encoding`"
"""Where the message on a file begins to say what to do, which is done here."""


class Proven(NamedTuple):
    """A setting under [ingest], its value, and what proves it."""

    key: str
    value: bool | str
    why: str


def foreign_encoding(example: str) -> Proven:
    """Return the setting that tells the encoding of each file by its bytes.

    Parameters
    ----------
    example
        Where bytes are that the usual encoding lacks.
    """
    said = (
        f'{example.partition(_HINT)[0]}; {ENCODING} = "{DETECT}" under [ingest] tells the encoding'
        " by the bytes of each file: see whether the letters are right"
    )
    return Proven(ENCODING, DETECT, said)


def proven_encoding(found: FeedCheck) -> Proven | None:
    """Return `foreign_encoding` where rows are refused for their bytes.

    A second look proves it, or does not.
    """
    for outcome, examples in found.failures():
        if outcome.rule_id == _DECODES:
            return foreign_encoding(examples[0])
    return None


def proven_order(order: DateOrder) -> Proven | None:
    """Return the setting that reads the dates, where they prove the order of day and month."""
    setting, why = order.setting(), order.sentence()
    return Proven(*setting, why) if setting and why else None

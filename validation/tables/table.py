"""What a published table is: its columns, what tells its rows apart, what came to it later."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa


@dataclass(frozen=True)
class Table:
    """A table of a published night.

    Parameters
    ----------
    schema
        Its columns; more may follow them, as the feed's own follow those of documents.
    key
        Columns that tell its rows apart; empty where none do.
    later
        Columns that came after the first nights of this schema version: a night from before is
        sound without them. A new column goes here, and leaves the schema version as it is.
    is_later
        Whether the whole table came after them.
    is_of_items
        Whether only nights whose items are no texts have it.
    remarks
        Column → what its name and type do not say, for docs/tables.md.
    remark
        The same of the table.
    """

    schema: pa.Schema
    key: tuple[str, ...] = ()
    later: frozenset[str] = frozenset()
    is_later: bool = False
    is_of_items: bool = False
    remarks: Mapping[str, str] = field(default_factory=dict)
    remark: str = ""

    def wrong_columns(self, found: Mapping[str, pa.DataType]) -> list[str]:
        """Return the columns that a file lacks or has with another type.

        Parameters
        ----------
        found
            Column of the file → its type.
        """
        may_lack = self.later - found.keys()
        return [
            it.name
            for it in self.schema
            if it.name not in may_lack and found.get(it.name) != it.type
        ]

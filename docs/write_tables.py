"""Write the table of docs/tables.md: every published table with its columns.

    python docs/write_tables.py [--check]

With --check nothing is written; exit code 1 if the page is out of date.
"""

import sys
from pathlib import Path
from typing import Final

from validation.tables.schemas import PUBLISHED
from validation.tables.table import Table

PAGE: Final = Path(__file__).parent / "tables.md"
BEGIN, END = "<!-- tables: begin -->\n", "<!-- tables: end -->\n"


def rows() -> str:
    """Return the table of tables as lines of text."""
    lines = [f"| `{name}` | {_columns(table)} |" for name, table in PUBLISHED.items()]
    return "\n".join(["| table | columns |", "|---|---|", *lines]) + "\n"


def page(text: str) -> str:
    """Return the page with today's tables between its marks.

    Parameters
    ----------
    text
        The page as it is.
    """
    before, rest = text.split(BEGIN)
    return before + BEGIN + rows() + END + rest.split(END)[1]


def _columns(table: Table) -> str:
    named = [
        f"`{column}` ({table.remarks[column]})" if column in table.remarks else f"`{column}`"
        for column in table.schema.names
    ]
    return ", ".join(named) + (f"; {table.remark}" if table.remark else "")


def main() -> int:
    """Write the page, or check it."""
    old = PAGE.read_text(encoding="utf-8")
    new = page(old)
    if "--check" in sys.argv:
        return int(new != old)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Which column of a feed is the id, the text, the date: configured or guessed, and logged."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from tasks.reading.date_names import is_flag
from tasks.reading.formats.rows import MAX_COLUMNS
from tasks.reading.guesses import GUESSES, find_guess, folded, looks_like
from tasks.reading.named_columns import Columns
from tasks.reading.picking import CONTENT, fields_of, is_nested, pick
from tasks.reading.rating_column import RATING, RatingColumn
from tasks.reading.sources.errors import FeedError

MAX_NAME_CHARS: Final = 1_000
"""A longer name is a value: it would be the name of a column of every table of documents."""

# A title is a text, and a row that withdraws its document needs none.
_STAND_INS: Final = {"title", "withdrawn"}
# `opened` may be a yes or no, and `comments` a count.
_SPELLED_OUT: Final = {"timestamp", "text"}
# A message is one line of a log.
_N_LISTED: Final = 30
_LISTED_CHARS: Final = 80


class FileColumns:
    """Which of a file's columns plays which part; a column that comes late counts too.

    The columns of a file's first rows are mapped together, the most usual name first. A part that
    none of them plays goes to the first later column that looks like it: what was written before
    stays right, for the rows before did not have that column.

    Parameters
    ----------
    wanted
        What the config says.
    file
        Named in messages.
    known
        Names of the columns of all the feed's files; this file's are added.
    """

    def __init__(self, wanted: Columns, file: str, known: set[str]) -> None:
        self._wanted = wanted
        self._file = file
        self._known = known
        self._names: dict[str, None] = {}
        self._nested = Counter[str]()
        self._plain = Counter[str]()
        self._no_flags: set[str] = set()
        self._objects: dict[str, None] = {}
        self._paths = [name for name in wanted.names() if "." in name]
        self._late: set[str] | None = None
        self._has_rows = False
        self.rating = RatingColumn(wanted.rating)
        self.made_of: tuple[str, ...] | None = None
        """Columns that the id is made of; empty: of the content; None: it is a column."""
        self.mapping: dict[str, str] = {}
        """Part (doc_id, text, ...) → column name, for the parts that were found so far."""

    def admit(self, values: Mapping[str, Any]) -> str | None:
        """Take the columns of a row in; return why the row must not be read, if it must not."""
        self._has_rows = True
        if self._late is None:
            self._note_values(values)
        for path in self._unseen_paths() if self._paths else ():
            # Not all fields of all rows: keys may be values, and there would be no end to them.
            if pick(values, path) is not None:
                self._objects[path] = None
        if self._names.keys() >= values.keys():
            return None
        new = [name for name in values if name not in self._names]
        problem = self._unfit(new)
        if problem is None:
            self._names |= dict.fromkeys(new)
            self._known.update(new)
            if self._late is not None:
                self._late.update(new)
                self.mapping = self._found(new) | self.mapping
        return problem

    def settle(self) -> None:
        """Map the columns of all rows so far; those of later rows can only add to it."""
        self._late = set()
        if isinstance(self._wanted.doc_id, tuple):
            self.made_of = self._wanted.doc_id
        self.mapping = self._found(self._names) if self._names else {}
        if self._names and self.made_of is None and "doc_id" not in self.mapping:
            self.made_of = ()

    def require_parts(self) -> None:
        """Check that all that is needed was found; a file without a readable row needs nothing.

        Raises
        ------
        FeedError
            If a column that the config names, or a required part, is absent.
        """
        if self._has_rows:
            _require_parts(self.mapping, self._names, self._wanted, self._file, self._objects)

    def described(self) -> dict[str, str]:
        """Return part → column, and of what the id is made where no column has it."""
        if self.made_of is None or not self.mapping:
            return self.mapping
        content = [self.mapping[part] for part in CONTENT if part in self.mapping]
        return {"doc_id": f"made of {', '.join(self.made_of or content)}"} | self.mapping

    def late_id(self) -> str:
        """Return, for a message, the column of ids that came too late to be read as one."""
        found = [name for name in self._names if looks_like(name, "doc_id")]
        return f"; column {found[0]!r}, which came late, is not read as the id" if found else ""

    def other_ids(self) -> list[str] | None:
        """Name the columns beside a guessed id that might be one; None if it was not guessed."""
        used = self.mapping.get("doc_id")
        if used is None or self._wanted.doc_id is not None:
            return None
        alike = (it for it in self._names if it != used and folded(it).endswith(("id", "key")))
        return list(islice(alike, _N_LISTED))

    def rivals(self) -> Iterator[tuple[str, str, str]]:
        """Yield part, its column and another column that looks like the same part, unused.

        A withdrawal that is overlooked publishes what was asked to go. Of the other parts a late
        column is named, for which the choice among the first rows' columns could not look, and one
        whose name is the same but for case and separators, so that only the order has decided.
        """
        for part in GUESSES:
            used = self.mapping.get(part)
            if used is None or getattr(self._wanted, part) is not None:
                continue
            for name in self._names:
                is_overlooked = part == "withdrawn" or name in (self._late or ())
                is_overlooked |= folded(name) == folded(used)
                is_free = name != used and name not in self._wanted.names()
                if is_free and is_overlooked and looks_like(name, part):
                    yield part, used, name

    def _found(self, names: Iterable[str]) -> dict[str, str]:
        """Map columns; a made id stays made.

        A column of objects is guessed as nothing, one of flags as no date and no text. A single
        object among texts costs its row alone.
        """
        nested = {name for name, n in self._nested.items() if n >= self._plain[name]}
        found = _guessed(names, self._wanted, nested, self._plain.keys() - self._no_flags)
        if self.made_of is not None:
            found.pop("doc_id", None)
        return found

    def _unseen_paths(self) -> list[str]:
        """Return the paths that the config names and no row has had so far."""
        return [
            name for name in self._paths if name not in self._names and name not in self._objects
        ]

    def _note_values(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if is_nested(value):
                self._nested[name] += 1
                self._objects |= dict.fromkeys(fields_of(name, value))
            elif value is not None and value != "":
                self._plain[name] += 1
                if not is_flag(value):
                    self._no_flags.add(name)

    def _unfit(self, new: list[str]) -> str | None:
        longest = max(new, key=len)
        if len(longest) > MAX_NAME_CHARS:
            return (
                f"the key {longest[:40]!r}... has {len(longest):,} characters;"
                f" at most {MAX_NAME_CHARS:,} are allowed"
            )
        n_columns = len(self._known) + sum(name not in self._known for name in new)
        if n_columns <= MAX_COLUMNS:
            return None
        return (
            f"with the key {new[0][:40]!r} the feed has {n_columns:,} columns; at most"
            f" {MAX_COLUMNS:,} are allowed, so put values that stand as keys under one key"
        )


def map_columns(present: Iterable[str], wanted: Columns, file: str) -> dict[str, str]:
    """Find which of a file's columns plays which part.

    Parameters
    ----------
    present
        The file's column names.
    wanted
        What the config says.
    file
        Named in the error.

    Returns
    -------
    Part (doc_id, text, ...) → column name, only for the parts that were found. A file of titles
    needs no text, nor does one that says what was withdrawn.

    Raises
    ------
    FeedError
        If a column that the config names, or a required part, is absent.
    """
    columns = FileColumns(wanted, file, set())
    columns.admit(dict.fromkeys(present))
    columns.settle()
    columns.require_parts()
    return columns.mapping


def _guessed(
    names: Iterable[str], wanted: Columns, unfit: Collection[str], flags: Collection[str]
) -> dict[str, str]:
    """Map every part that the config names or that one of the columns looks like."""
    spoken_for = {name for name in wanted.model_dump().values() if isinstance(name, str)}
    free = [name for name in names if name not in spoken_for and name not in unfit]
    mapping: dict[str, str] = {}
    for part in GUESSES:
        if wanted.is_without(part):
            continue
        named = getattr(wanted, part)
        fit = [name for name in free if name not in flags] if part in _SPELLED_OUT else free
        found = find_guess(part, fit) if named is None else named
        if isinstance(found, str):
            mapping[part] = found
    return mapping


def _require_parts(
    mapping: Mapping[str, str],
    names: Mapping[str, None],
    wanted: Columns,
    file: str,
    objects: Mapping[str, None],
) -> None:
    columns = f"its columns are {_listed(list(names))}"
    if objects:
        columns += f"; its objects have the fields {_listed(list(objects))}"
    for part in (*GUESSES, RATING):
        named = () if wanted.is_without(part) else getattr(wanted, part)
        for name in (named,) if isinstance(named, str) else named or ():
            if name not in names and name not in objects:
                raise FeedError(f"{file} has no column {name!r} for {part}; {columns}")
    if "text" not in mapping and not _STAND_INS & mapping.keys():
        raise FeedError(
            f"{file} has no column that looks like text; {columns}; set `text` under"
            " [ingest.columns] in the config file, or `records` under [ingest] if one of these is"
            " the list of the rows"
            if objects
            else f"{file} has no column that looks like text; {columns};"
            " set `text` under [ingest.columns] in the config file"
        )


def _listed(names: list[str]) -> str:
    spelled = [repr(name[:_LISTED_CHARS]) for name in names[:_N_LISTED]]
    rest = len(names) - len(spelled)
    return ", ".join(spelled) + (f" and {rest:,} more" if rest else "") or "none"

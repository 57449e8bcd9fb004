"""The feed's own columns over all nights: one name and one type each, from the first night on.

A column never changes its type: a reader of many nights takes the type of the first file, and some
silently cast what the others hold to it. What does not fit goes into a column of text beside it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from tasks.boundary.surrogates import encodable
from tasks.preparing.columns.known_columns import (
    KEY,
    ONLY_TEXT,
    RESERVED,
    TEXT_OF,
    Identity,
    Known,
    identity_of,
)
from tasks.preparing.columns.metadata import (
    KINDS,
    column,
    first_type,
    fitting,
    is_text,
    kind_of,
    restorable_type,
    spelled,
)
from validation.tables.columns import FILE, ROW


class ColumnChange(BaseModel):
    """A column whose values tonight are of another kind than those before."""

    model_config = ConfigDict(frozen=True)

    column: str
    was: str
    """The column's type."""
    found: str
    """What tonight's values are."""
    rows: int
    file: str
    row: int
    kept_in: str
    """The column in which their text is."""

    def sentence(self) -> str:
        """Return what changed, where it was first seen, and where the values are, as a sentence."""
        many = f"{self.rows:,} rows hold" if self.rows > 1 else "1 row holds"
        where = f"column {self.column!r} is of type {self.was}, and tonight {many} {self.found}"
        first = f"first {self.file} row {self.row:,}"
        if self.kept_in == self.column:
            return f"{where}, {first}: kept there as text"
        return f"{where}, {first}: null there, with the text in {self.kept_in!r}"


@dataclass
class _Misfits:
    kinds: dict[str, None] = field(default_factory=dict)
    rows: int = 0
    first: tuple[str, int] = ("", 0)

    def add(self, kind: str, file: str, row: int) -> None:
        if not self.rows:
            self.first = file, row
        self.kinds.setdefault(kind)
        self.rows += 1


@dataclass
class OwnColumns:
    """Tonight's columns.

    Parameters
    ----------
    fields
        Identity → field, in the order in which they are published.
    sure
        Keys whose values come out of a column of the very type, which saves the look at each.
    """

    fields: dict[Identity, pa.Field]
    sure: Collection[str] = ()
    _misfits: dict[str, _Misfits] = field(default_factory=dict)

    def arrays(
        self, records: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
    ) -> dict[str, pa.Array]:
        """Build the columns of some documents, and note what does not fit.

        Parameters
        ----------
        records
            The documents, each with its `file` and `row`.
        rows
            The feed's own part of each.
        """
        differing = {
            key: _is_another_kind(own)
            for (key, is_beside), own in self.fields.items()
            if not is_beside and key not in self.sure
        }
        for record, row in zip(records, rows, strict=True):
            for key, value in row.items():
                if key in differing and differing[key](value):
                    self._note(key, value, record)
        return {
            it.name: self._array(identity, it, [row.get(identity[0]) for row in rows])
            for identity, it in self.fields.items()
        }

    def changes(self) -> list[ColumnChange]:
        """List the columns whose values were of another kind than those before."""
        return [self._change(key, found) for key, found in self._misfits.items()]

    def _array(self, identity: Identity, it: pa.Field, values: list[Any]) -> pa.Array:
        key, is_beside = identity
        if not is_beside:
            return column(values, it.type)
        does_fit = fitting(self.fields[key, False].type)
        return pa.array([None if does_fit(v) else spelled(v) for v in values], it.type)

    def _note(self, key: str, value: Any, record: Mapping[str, Any]) -> None:
        found = self._misfits.setdefault(key, _Misfits())
        found.add(str(kind_of(value)), record[FILE], record[ROW])

    def _change(self, key: str, found: _Misfits) -> ColumnChange:
        own = self.fields[key, False]
        beside = self.fields.get((key, True), own)
        return ColumnChange(
            column=own.name,
            was=str(own.type),
            found=" and ".join(KINDS[kind] for kind in found.kinds),
            rows=found.rows,
            file=found.first[0],
            row=found.first[1],
            kept_in=(own if is_text(own.type) else beside).name,
        )


def _is_another_kind(own: pa.Field) -> Callable[[Any], bool]:
    """Return the check whether a value is of another kind than its column's values so far."""
    if not is_text(own.type):
        does_fit = fitting(own.type)
        return lambda value: not does_fit(value)
    if ONLY_TEXT in (own.metadata or {}):
        return lambda value: not isinstance(value, str | None)
    return lambda _: False


def plan_columns(
    known: Known, rows: Iterable[Mapping[str, Any]], stated: Mapping[str, str]
) -> OwnColumns:
    """Return tonight's columns: those of the nights before, then new ones as they are seen.

    Parameters
    ----------
    known
        What the other nights say.
    rows
        The feed's own part of every row, as JSON values.
    stated
        Arrow types that the feed's own format states.
    """
    kinds, misfit = _scan(known, rows, _sure(stated, known.decided))
    fields = {identity: known.decided[identity] for identity in known.carried}
    taken = {it.name for it in known.decided.values()} | RESERVED
    # A column whose format states its type needs no value to have one.
    for key in {**kinds, **stated}:
        found = kinds.get(key, set())
        own = known.decided.get((key, False)) or _new_field(key, found, stated.get(key), taken)
        if own is not None:
            fields.setdefault((key, False), own)
    for key in misfit:
        beside = known.decided.get((key, True)) or _field_beside(fields[key, False], taken)
        fields.setdefault((key, True), beside)
    return OwnColumns(fields, _sure(stated, fields))


def _sure(stated: Mapping[str, str], fields: Mapping[Identity, pa.Field]) -> set[str]:
    return {
        key
        for key, kind in stated.items()
        if (own := fields.get((key, False))) is not None and own.type == restorable_type(kind)
    }


def _scan(
    known: Known, rows: Iterable[Mapping[str, Any]], sure: Collection[str]
) -> tuple[dict[str, set[str]], dict[str, None]]:
    """List the kinds of every key's values, and the keys with a value that does not fit."""
    kinds: dict[str, set[str]] = {}
    misfit: dict[str, None] = {}
    does_fit = {
        key: fitting(own.type)
        for (key, is_beside), own in known.decided.items()
        if not is_beside and key not in sure
    }
    for row in rows:
        for key, value in row.items():
            if key not in kinds:
                kinds[key] = set()
            if (kind := kind_of(value)) is not None:
                kinds[key].add(kind)
            if key in does_fit and not does_fit[key](value):
                misfit.setdefault(key)
    return kinds, misfit


def _new_field(key: str, kinds: set[str], stated: str | None, taken: set[str]) -> pa.Field | None:
    kind = first_type(kinds, stated)
    if kind is None:
        return None
    marks = {KEY: _bytes(key)} | ({ONLY_TEXT: b"yes"} if kinds == {"text"} else {})
    name = _free_name(encodable(key if key not in RESERVED else f"feed_{key}"), taken)
    return pa.field(name, kind, metadata=marks)


def _field_beside(own: pa.Field, taken: set[str]) -> pa.Field:
    key, _ = identity_of(own)
    marks = {KEY: _bytes(key), TEXT_OF: _bytes(own.name)}
    return pa.field(_free_name(f"{own.name}_text", taken), pa.string(), metadata=marks)


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

"""The first configuration file of a feed: what is set, and in comments what the feed looks like.

Pure functions from what was found to lines of TOML.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tasks.boundary.excerpts import excerpt
from tasks.boundary.secret_urls import mask_secrets
from tasks.boundary.toml_text import (
    toml_comment,
    toml_groups,
    toml_settings,
    toml_string,
    toml_value,
)
from tasks.operating.check_feed import FeedCheck
from tasks.operating.items.looks import ItemLooks
from tasks.operating.proven import Proven
from tasks.operating.survey import Survey
from tasks.reading.guesses import GUESSES
from tasks.reading.rating_column import RATING
from tasks.store.bucket.place import spelled
from validation.rules import ID_UNIQUE, TEXT_PRESENT

_EXAMPLE_CHARS: Final = 60
_REASON_CHARS: Final = 240
"""A reason quotes a value; the line is read in an editor."""

_N_FILES: Final = 5
"""Files that are named: of more, it is enough to know that there are more."""

_INGEST: Final = "ingest"
_COLUMNS: Final = "columns"

_ALWAYS_SET: Final = ("doc_id", "text")
"""A feed whose text moves to another column should stop the night, whatever some rows lack."""

WAYS_OUT: Final = {
    "row_parses": "`encoding`, `delimiter`, `quote` or `escape` under [ingest]",
    "text_decodes": '`encoding` under [ingest], to "detect" if you do not know it, or'
    ' encoding_errors = "replace" to keep the rows',
    "id_present": "`doc_id` under [ingest.columns], to a column or to columns that all rows have",
    ID_UNIQUE: "`doc_id` under [ingest.columns], to another column or to a list of columns",
    TEXT_PRESENT: "`text` under [ingest.columns], if the texts are in another column",
    "missing_text_share": "`text` under [ingest.columns], if the texts are in another column",
    "without_text_share": "`text` under [ingest.columns], if the texts are in another column, or"
    " `max_without_text_share` under [check]",
    "missing_date_share": "`timestamp` under [ingest.columns], if the dates are in another column",
    "date_in_bounds": "`earliest_date` under [check]",
    "withdrawal_parses": 'withdrawn = "" under [ingest.columns], if the column is no withdrawal',
    "text_length": "`max_chars` under [check]",
    "replacement_share": 'encoding = "detect" under [ingest]',
    "lines_per_row": "`quote` or `escape` under [ingest]",
    "refused_share": "what the rules above name, or `max_refused_share` under [check]",
}
"""Rule → what to set where it fails, if its reasons do not say that and a setting can help."""


@dataclass(frozen=True)
class Starter:
    """What a configuration file is made from.

    Parameters
    ----------
    feed
        As it is to be read, wherever the command is started.
    store
        The folder to publish to.
    found
        What the checks say.
    survey
        What the rows look like.
    other_ids
        File whose column of ids was guessed → other columns that might be it.
    max_text_chars
        The length that texts are cut to.
    proven
        Settings under [ingest] that the rows prove, and with which they were read.
    kept
        Settings that were there before, as a configuration file has them.
    told
        Why the documents are of their kind, and what else they might be.
    items
        What they look like where they are no texts.
    """

    feed: str
    store: Path
    found: FeedCheck
    survey: Survey
    other_ids: Mapping[str, list[str]]
    max_text_chars: int
    proven: Sequence[Proven] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)
    told: Sequence[str] = ()
    items: ItemLooks | None = None

    def toml(self) -> str:
        """Return the file: TOML that loads, in which nothing from the feed is more than a value."""
        found = [*self._head(), *self._judged(), *self._looks()]
        lines = [*found, *self._groups(), *self._ingest(), *self._columns()]
        return "".join(f"{line}\n" for line in lines)

    def _head(self) -> Iterator[str]:
        files = list(self.found.columns)
        rest = f" and {len(files) - _N_FILES:,} more" if len(files) > _N_FILES else ""
        read = f"{', '.join(files[:_N_FILES])}{rest}" if self._has_columns() else "it all"
        yield toml_comment(f"Written by `nightfold init`, which read {read}.")
        yield "# What stands in comments is what it found. All keys: docs/settings.md"
        yield "#"
        yield "#   nightfold check --config THIS_FILE    what would be refused; writes nothing"
        yield "#   nightfold run --config THIS_FILE      tonight; tomorrow night: the same command"
        yield ""
        yield f"feed = {toml_string(self.feed)}"
        yield f"store = {toml_string(spelled(self.store))}"
        yield from toml_settings(self.kept)
        yield ""

    def _judged(self) -> Iterator[str]:
        yield from map(toml_comment, self.told)
        yield toml_comment(self.found.outlook())
        for outcome, examples in self.found.failures():
            yield toml_comment(excerpt(f"{outcome.severity} {outcome}", _REASON_CHARS))
            for example in examples:
                yield toml_comment(f"  {excerpt(mask_secrets(example), _REASON_CHARS)}")
            if outcome.rule_id in WAYS_OUT:
                yield toml_comment(f"  set {WAYS_OUT[outcome.rule_id]}")
        yield ""

    def _looks(self) -> Iterator[str]:
        yield from self._texts() if self.items is None else map(toml_comment, self.items.lines)
        survey = self.survey
        if survey.first and survey.last:
            yield toml_comment(f"dates: {survey.first.date()} to {survey.last.date()}")
        else:
            yield "# dates: none, so every document counts as one of the night that reads it"
        if order := survey.order.sentence():
            yield toml_comment(f"  {order}")
        yield ""

    def _texts(self) -> Iterator[str]:
        survey = self.survey
        if lengths := survey.quantiles():
            least, half, most, nearly_all, longest = (f"{n:,}" for n in lengths)
            yield toml_comment(
                f"texts, in characters: shortest {least}, half up to {half}, 90% up to {most},"
                f" 99% up to {nearly_all}, longest {longest}"
            )
        if n_cut := survey.n_longer(self.max_text_chars):
            yield toml_comment(
                f"  {n_cut:,} are longer than {self.max_text_chars:,} and may be cut there; set"
                " `max_text_chars` under [prepare]"
            )
        if scripts := survey.scripts():
            shares = (f"{script} {share:.1%}" for script, share in scripts.items())
            yield toml_comment(f"letters: {', '.join(shares)}")

    def _groups(self) -> Iterator[str]:
        yield from toml_groups({name: it for name, it in self.kept.items() if name != _INGEST})

    def _ingest(self) -> Iterator[str]:
        kept = self._kept_ingest()
        if kept or self.proven:
            yield f"[{_INGEST}]"
            yield from toml_settings(kept)
        for key, value, why in self.proven:
            yield toml_comment(why)
            yield from toml_settings({key: value})
        if kept or self.proven:
            yield ""

    def _columns(self) -> Iterator[str]:
        if not (self._has_columns() or self._kept_columns()):
            return
        yield "# A column that is set must be in every file, or the night stops and says so."
        yield f"[{_INGEST}.{_COLUMNS}]"
        for part in [it for it in GUESSES if self.items is None or it != "text"]:
            by_file = {f: it[part] for f, it in self.found.columns.items() if part in it}
            if by_file:
                yield from self._column(part, by_file)
            elif part in self._kept_columns():
                yield f"{part} = {toml_value(self._kept_columns()[part])}"
        yield from self._rating()

    def _rating(self) -> Iterator[str]:
        """Name the column of ratings; it is not set, for a night may come without ratings."""
        names = {it[RATING]: None for it in self.found.columns.values() if RATING in it}
        if RATING in self._kept_columns():
            yield f"{RATING} = {toml_value(self._kept_columns()[RATING])}"
        elif names:
            said = " and ".join(map(repr, list(names)[:_N_FILES]))
            yield toml_comment(f"{RATING}, guessed every night by names and values: {said}")

    def _column(self, part: str, by_file: Mapping[str, str]) -> Iterator[str]:
        examples = self.survey.examples.get(part, {})
        shown = (repr(excerpt(mask_secrets(it), _EXAMPLE_CHARS)) for it in examples)
        n_filled, n_rows = self.survey.n_filled[part], self.survey.n_rows
        in_rows = "in every row" if n_filled == n_rows else f"in {n_filled:,} of {n_rows:,} rows"
        yield toml_comment(f"{part}, {in_rows}: {', '.join(shown)}")
        names = list(dict.fromkeys(by_file.values()))[:_N_FILES]
        if part in self._kept_columns():
            yield f"{part} = {toml_value(self._kept_columns()[part])}"
        elif reason := self._why_not_set(part, by_file):
            yield toml_comment(f"  found as {' and '.join(map(repr, names))}; not set: {reason}")
        else:
            yield f"{part} = {toml_string(names[0])}"

    def _has_columns(self) -> bool:
        """Return whether the feed's own files have columns: images and gathered series have not."""
        return self.items is None or self.items.has_columns

    def _kept_ingest(self) -> dict[str, Any]:
        return {key: it for key, it in self.kept.get(_INGEST, {}).items() if key != _COLUMNS}

    def _kept_columns(self) -> Mapping[str, Any]:
        columns: Mapping[str, Any] = self.kept.get(_INGEST, {}).get(_COLUMNS, {})
        return columns

    def _why_not_set(self, part: str, by_file: Mapping[str, str]) -> str | None:
        """Return why a part is left to be guessed every night; None where it is set."""
        n_readable = sum(bool(mapping) for mapping in self.found.columns.values())
        names = set(by_file.values())
        if any(it.startswith("made of ") for it in names):
            return "set it to a column, or to a list of columns, whose values never change"
        if len(by_file) < n_readable or len(names) > 1:
            return "the files do not have one column for it"
        if not all(_is_spellable(name) for name in names):
            return "no TOML can spell the name"
        if part == "doc_id" and self._is_doubted():
            others = [name for it in self.other_ids.values() for name in it]
            instead = f"; look at {', '.join(map(repr, others))}" if others else ""
            return f"different texts share one of its ids{instead}"
        if part not in _ALWAYS_SET and self.survey.n_filled[part] < self.survey.n_rows:
            return "some rows have none, so a night may come without it"
        return None

    def _is_doubted(self) -> bool:
        return any(outcome.rule_id == ID_UNIQUE for outcome, _ in self.found.failures())


def _is_spellable(name: str) -> bool:
    try:
        toml_string(name)
    except UnicodeEncodeError:
        return False
    return True

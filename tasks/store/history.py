"""What earlier nights left in the store: their documents, their sizes, their clusters."""

import logging
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.store.aside.copies import lost_manifest, lost_nights
from tasks.store.fetched.source_state import SourceState
from tasks.store.manifest_parts import EncoderPart
from tasks.store.manifests import Manifest, ManifestError
from tasks.store.pruned import read_pruned
from tasks.store.storage import ModelRef, Ref, Store, is_intact, require_file
from validation.errors import NightfoldError

logger = logging.getLogger(__name__)


class PrunedNightError(NightfoldError, ValueError):
    """A night that can no longer be run."""


class NightTable(BaseModel):
    """The documents of one night, and the rows that withdrew documents of the nights before it."""

    model_config = ConfigDict(frozen=True)

    night: date
    table: Ref
    withdrawn: Ref | None = None


class PastNight(BaseModel):
    """One published night."""

    model_config = ConfigDict(frozen=True)

    night: date
    rows: int
    documents: Ref
    withdrawn: Ref | None = None
    """None for a night from before withdrawals were read."""
    assignments: Ref
    """As they were found: curation moves documents anew every night."""
    clusters: Ref
    cluster_tree: Ref | None = None
    """None for a night of an older nightfold."""
    identity: ModelRef
    lexical: ModelRef
    clustering: ModelRef
    published: str
    """Which labels: refined or baseline."""
    fit: dict[str, Any] | None
    """See `tasks.clusters.fit.Fit`; None for a night of an older nightfold."""
    numbers: dict[str, Any] | None = None
    """See `tasks.clusters.numbers.ChosenNumbers`; None where the number was given."""
    source: SourceState | None = Field(None, exclude=True)
    """Where its feed's source stopped; only what tonight finds there depends on it."""
    columns: dict[str, dict[str, str]] = Field(default_factory=dict, exclude=True)
    """File → part → column; only which columns are ratings depends on it."""
    encoder: EncoderPart | None = Field(None, exclude=True)
    """Tonight's vectors are of its kind where they can be; `embed` has them for an input."""
    groups: tuple[str, ...] = Field((), exclude=True)
    """Slugs, where documents were clustered by a column: the models are those of the groups."""
    group: str | None = Field(None, exclude=True)
    """Slug, where this is but a group of the night; its models and assignments tell it already."""
    ratings: Ref | None = Field(None, exclude=True)
    """None for a night from before ratings were read; only tonight's depend on it."""
    map: Ref | None = Field(None, exclude=True)
    """None for a night without a map; only tonight's depends on it."""
    modality: str = Field("text", exclude=True)
    """What its documents are."""
    contents: Ref | None = Field(None, exclude=True)
    """What its documents are, where they are no texts."""
    learnt: ModelRef | None = Field(None, exclude=True)
    """The encoder that was learnt from its window, or before, where there is one."""

    def read(self) -> NightTable:
        """Return what it has read."""
        return NightTable(night=self.night, table=self.documents, withdrawn=self.withdrawn)


class History(BaseModel):
    """The published nights before tonight, oldest first."""

    model_config = ConfigDict(frozen=True)

    nights: list[PastNight]
    pruned: list[NightTable] = []
    """Of the nights before these: what is left of their documents, ids and text digests."""
    later: list[NightTable] = []
    """Documents of the nights after tonight: their ids are taken if tonight is backfilled."""

    def documents(self) -> list[NightTable]:
        """Return every other night's documents; of pruned nights, ids and text digests."""
        return [*self.pruned, *self._kept(), *self.later]

    def _kept(self) -> list[NightTable]:
        return [night.read() for night in self.nights]

    def documents_within(
        self, store: Store, window_days: int, is_quiet: bool = False
    ) -> list[NightTable]:
        """Return the documents that share tonight's window of so many days, tonight included.

        A quiet night, which brings none, keeps the window of the last night that read anything
        where its own would be empty: nothing new is no reason to have no clusters.
        """
        within = self._since(store.night, window_days)
        last = self.last_read()
        if is_quiet and last and not any(it.table.rows for it in within):
            return self._since(last.night, window_days)
        return within

    def _since(self, night: date, window_days: int) -> list[NightTable]:
        """Return the documents from the first day of a night's window on."""
        first = night - timedelta(days=window_days - 1)
        return [table for table in self._kept() if table.night >= first]

    def contents_of(self, window: Sequence[NightTable]) -> list[Ref]:
        """Return where the items of a window's earlier nights are, where these are no texts."""
        nights = {it.night for it in window}
        return [it.contents for it in self.nights if it.contents and it.night in nights]

    @property
    def last(self) -> PastNight | None:
        """The night before this one."""
        return self.nights[-1] if self.nights else None

    @property
    def stopped(self) -> SourceState | None:
        """Where the source stopped on the night before."""
        return self.nights[-1].source if self.nights else None

    def nights_read(self) -> list[PastNight]:
        """Return the nights whose feed had something new."""
        return [night for night in self.nights if night.rows]

    def last_read(self) -> NightTable | None:
        """Return the last night that has read anything."""
        nights = self.nights_read()
        return nights[-1].read() if nights else None


def read_history(store: Store) -> History:
    """Read the manifests of the nights before tonight; later nights only keep their documents.

    For other errors see `tasks.store.manifests`.

    Raises
    ------
    ManifestError
        If a night before tonight has lost its manifest.
    PrunedNightError
        If the nights that tonight would build on were pruned: its clusters would get new ids.
    """
    for lost in lost_nights(store):
        if lost < store.night:
            raise lost_manifest(store, lost)
    nights = [night for night in store.published_nights() if night < store.night]
    pruned = read_pruned(store)
    if pruned and not nights:
        raise PrunedNightError(
            f"night {store.night} of feed {store.feed} cannot be run: the nights up to"
            f" {pruned[-1].night} were pruned, and with them what it builds on"
        )
    return History(
        nights=[_past_night(night, store.read_manifest(night)) for night in nights],
        pruned=[
            NightTable(night=it.night, table=it.known, withdrawn=it.withdrawn) for it in pruned
        ],
        later=list(_later_documents(store)),
    )


def _later_documents(store: Store) -> Iterator[NightTable]:
    """Return what can be read of the nights after tonight; a damaged one does not stop tonight."""
    for night in store.published_nights():
        if night <= store.night:
            continue
        try:
            later = _night_table(night, store.read_manifest(night))
        except (ManifestError, KeyError, ValidationError) as error:
            logger.warning("night %s after this one is passed over: %s", night, error)
            continue
        if all(is_intact(store, ref) for ref in _refs(later)):
            yield later
        else:
            logger.warning(
                "night %s after this one is passed over: its documents are damaged", night
            )


def require_intact(store: Store, past: History) -> None:
    """Fail where a file that tonight builds on is not what its manifest says.

    A flipped bit in a table can go unseen while it is read, and be published again from there.

    Raises
    ------
    DamagedFileError
        Naming the first such file.
    """
    refs = [ref for night in past.documents() for ref in _refs(night)]
    if past.last:
        refs += [past.last.assignments, past.last.clusters, *past.last.identity.files.values()]
        refs += [it for it in (past.last.cluster_tree, past.last.ratings, past.last.map) if it]
    refs += [night.contents for night in past.nights if night.contents]
    for ref in refs:
        require_file(store, ref)


def _refs(night: NightTable) -> list[Ref]:
    return [night.table, *([night.withdrawn] if night.withdrawn else [])]


def _night_table(night: date, manifest: Manifest) -> NightTable:
    withdrawn = manifest.tables.get("withdrawn")
    return NightTable(night=night, table=manifest.tables["documents"], withdrawn=withdrawn)


def _found_assignments(tables: dict[str, Ref]) -> Ref:
    """Return the assignments that curation has not moved."""
    found = tables.get("found_assignments")
    return found if found and found.rows else tables["assignments"]


def _models(manifest: Manifest) -> dict[str, ModelRef]:
    """Return the models of a night; those of a night of groups are theirs."""
    names = ("identity", "lexical", "clustering")
    return {name: ModelRef(files={}) if manifest.groups else manifest.model(name) for name in names}


def _past_night(night: date, manifest: Manifest) -> PastNight:
    tables, documents = manifest.tables, _night_table(night, manifest)
    return PastNight(
        night=night,
        rows=manifest.counts["read"],
        documents=documents.table,
        withdrawn=documents.withdrawn,
        assignments=_found_assignments(tables),
        clusters=tables["clusters"],
        cluster_tree=tables.get("cluster_tree"),
        **_models(manifest),
        published=manifest.labels.published,
        fit=manifest.fit,
        numbers=manifest.numbers,
        source=manifest.source,
        encoder=manifest.encoder,
        columns=manifest.columns,
        groups=tuple(group.slug for group in manifest.groups),
        ratings=tables.get("ratings"),
        map=tables.get("map"),
        modality=manifest.modality,
        contents=tables.get("contents"),
        learnt=manifest.model("encoder") if "encoder" in manifest.models else None,
    )

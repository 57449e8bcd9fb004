"""A night's manifest as it is read: JSON of a known format, upgraded to today's."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from tasks.store.fetched.source_state import SourceState
from tasks.store.manifest_parts import EncoderPart, GroupPart, LabelsPart, RunPart
from tasks.store.refs import ModelRef, Ref
from tasks.store.sealed import NotAsWrittenError, unseal
from validation.errors import NightfoldError

Object = dict[str, Any]
"""A manifest, or another sealed object of the store, as it is parsed."""

FORMAT_VERSION: Final = 3
"""Of the manifest and the layout of the store; raised together with a new migration."""


def _with_later_parts(manifest: Object) -> Object:
    """Add that a night had no withdrawn and no late rows, and nothing of how its model came about.

    The list of pruned nights bears the same version, and has no counts.
    """
    counts = manifest.get("counts")
    if not isinstance(counts, dict):
        return manifest
    return manifest | {"counts": {"withdrawn": 0, "late": 0} | counts, "fit": None}


def _as_it_is(manifest: Object) -> Object:
    """Return the manifest: version 3 adds its digest, which `unseal` has taken off."""
    return manifest


MIGRATIONS: Final[Mapping[int, Callable[[Object], Object]]] = {
    1: _with_later_parts,
    2: _as_it_is,
}
"""Version → what makes of its manifests those of the next version.

Old manifests stay on the disk as they are and are upgraded whenever they are read: a reader
of the old version still understands them, and a migration that is cut short has changed nothing.
"""

_AGAIN: Final = "run that night again"


class ManifestError(NightfoldError, ValueError):
    """A manifest that cannot be used; the message names the file and what to do."""


class NewerStoreError(NightfoldError, ValueError):
    """A store that a newer nightfold has written."""


def is_inside(file: str) -> bool:
    """Return whether a path, relative to a store's root, stays below it."""
    # Not by `PurePosixPath`: a run asks this of every file of every night.
    parts = [it for it in file.split("/") if it not in {"", "."}]
    return bool(parts) and not file.startswith("/") and ".." not in parts and "\0" not in file


def _require_inside(ref: Ref) -> Ref:
    if not is_inside(ref.path):
        raise ValueError("a path must stay below the store's root")
    return ref


def _with_every_count(counts: dict[str, int]) -> dict[str, int]:
    """Add what an older night did not count: rows without text and changed texts were refused."""
    return {"without_text": 0, "replaced": 0} | counts


def _require_window(config: dict[str, Any]) -> dict[str, Any]:
    if type(config.get("window_days")) is not int:
        raise ValueError("window_days must be a whole number")
    return config


StoredRef = Annotated[Ref, AfterValidator(_require_inside)]


class Manifest(BaseModel):
    """A night's manifest as its readers see it; what stands beside these parts is not checked.

    A part with a default may be missing in a night of an older nightfold.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    feed: str
    night: str
    counts: Annotated[dict[str, int], AfterValidator(_with_every_count)]
    """Where the rows went."""
    tables: dict[str, StoredRef]
    models: dict[str, dict[str, StoredRef]]
    """Model → file → reference."""
    reports: dict[str, StoredRef] = {}
    source: SourceState | None = None
    """Where the feed's source stopped, where it remembers that."""
    columns: dict[str, dict[str, str]] = {}
    """File of the feed → part → column."""
    column_changes: list[dict[str, Any]] = []
    """See `tasks.preparing.columns.own_columns.ColumnChange`."""
    checks: dict[str, dict[str, Any]] = {}
    """Check → its results."""
    encoder: EncoderPart
    labels: LabelsPart
    fit: dict[str, Any] | None
    """See `tasks.clusters.fit.Fit`; None where every group has its own."""
    groups: list[GroupPart] = []
    """Where documents are clustered by a column; else empty."""
    n_clusters: int = 0
    numbers: dict[str, Any] | None = None
    """See `tasks.clusters.numbers.ChosenNumbers`."""
    cluster_ids: dict[str, str] | None = None
    """Label of the model → cluster_id."""
    whole_of: dict[str, str] = {}
    """Cluster that the model does not know → the one that it puts their texts in."""
    curation: dict[str, Any] = {}
    watches: list[dict[str, Any]] = []
    near_duplicates: dict[str, Any] = {}
    map: dict[str, Any] = {}
    languages: dict[str, float] = {}
    """See the stages that return them: `curate`, `watch`, `near duplicates`, `map`, `evaluate`."""
    not_learnt: dict[str, float] = {}
    """Those of the languages that the encoder has not learnt."""
    metrics: list[dict[str, Any]] = []
    """Rows of the table of this name."""
    config: Annotated[dict[str, Any], AfterValidator(_require_window)]
    run: RunPart

    def model(self, name: str) -> ModelRef:
        """Return a model's files; documents that are no texts have no lexical views."""
        if name.partition("@")[0] == "lexical" and not self.has_texts:
            return ModelRef(files={})
        return ModelRef(files=self.models[name])

    @property
    def modality(self) -> str:
        """What the documents are."""
        said: str = self.config.get("modality", "text")
        return said

    @property
    def has_texts(self) -> bool:
        """Whether documents are texts; what they are is the table `contents` where they are not."""
        return "contents" not in self.tables

    def group(self, slug: str) -> GroupPart:
        """Return what is told of a group; see `GroupPart`."""
        return next(it for it in self.groups if it.slug == slug)

    def group_named(self, name: str) -> GroupPart:
        """Return what is told of a group, by the value that its documents have."""
        return next(it for it in self.groups if it.name == name)

    @property
    def window_days(self) -> int:
        """How many days are clustered together."""
        days: int = self.config["window_days"]
        return days


def read_manifest(path: Path, feed: str, night: date) -> Manifest:
    """Read the manifest of a night; see `parse_manifest` and `read_object` for errors.

    Raises
    ------
    ManifestError
        If it is that of another night.
    """
    named = {"feed": feed, "night": str(night)}
    manifest = parse_manifest(_read(path, _AGAIN), path, named)
    if (manifest.feed, manifest.night) != (feed, str(night)):
        raise ManifestError(
            f"{path} is the manifest of feed {manifest.feed}, night {manifest.night}; {_AGAIN}"
        )
    return manifest


def parse_manifest(content: bytes, path: Path, named: Mapping[str, str]) -> Manifest:
    """Make a manifest of today's format out of a file's bytes.

    Parameters
    ----------
    content
        Of the file.
    path
        Named in messages.
    named
        Feed and night of a manifest that does not say whose it is.

    Raises
    ------
    ManifestError
        If it is not what was written, for instance cut short, or lacks what is read of it.
    NewerStoreError
        If a newer nightfold has written it.
    """
    return _checked({**named, **_parsed(content, path, _AGAIN)}, path)


def read_object(path: Path, remedy: str, unversioned: int | None = None) -> dict[str, Any]:
    """Read a sealed object of the store, and bring it forward.

    Parameters
    ----------
    path
        Of the file.
    remedy
        What to do where it is damaged, for the message.
    unversioned
        The version of an object that bears none, if there ever were such.

    Raises
    ------
    ManifestError
        If it cannot be read, or is not what was written.
    NewerStoreError
        If a newer nightfold has written it.
    """
    return _parsed(_read(path, remedy), path, remedy, unversioned)


def migrated(
    manifest: Object,
    path: Path,
    migrations: Mapping[int, Callable[[Object], Object]] = MIGRATIONS,
    newest: int = FORMAT_VERSION,
) -> Object:
    """Bring a manifest forward, version by version.

    Raises
    ------
    NotAsWrittenError
        If it has no version.
    NewerStoreError
        If its version is not known yet.
    """
    version = manifest.get("format_version")
    if type(version) is not int or version < 1:
        raise NotAsWrittenError(f"must have a format_version from 1 on, got {version!r:.60}")
    if version > newest:
        raise NewerStoreError(
            f"{path} has format version {version}, and this nightfold knows versions up to"
            f" {newest}: a newer nightfold has written to this store; use that one, or update"
        )
    for step in range(version, newest):
        manifest = migrations[step](manifest) | {"format_version": step + 1}
    return manifest


def require_known_format(root: Path) -> None:
    """Fail on a store to which a newer nightfold has written; damaged manifests are no matter here.

    Raises
    ------
    NewerStoreError
        If any manifest is of a version that is not known yet.
    """
    for path in sorted(root.glob("runs/feed=*/night=*/manifest.json")):
        with suppress(ManifestError):
            read_object(path, _AGAIN)


def _read(path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ManifestError(f"{path} cannot be read: {error.strerror}; {remedy}") from error


def _parsed(
    content: bytes, path: Path, remedy: str, unversioned: int | None = None
) -> dict[str, Any]:
    try:
        return migrated({"format_version": unversioned} | unseal(content), path)
    except NotAsWrittenError as error:
        raise ManifestError(f"{path} {error}; {remedy}") from error


def _checked(manifest: Object, path: Path) -> Manifest:
    """Return a manifest whose parts are of the types that its readers rely on."""
    try:
        return Manifest.model_validate(manifest, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ManifestError(
            f"{path} must have {place} as nightfold writes it, but {first['msg']},"
            f" got {first['input']!r:.60}; {_AGAIN}"
        ) from error

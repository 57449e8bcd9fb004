"""What a night is published from, where its files go, and the manifest that names them."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from tasks.frame.result import StageResult
from tasks.store.history import NightTable
from tasks.store.listing import is_published_model
from tasks.store.manifests import FORMAT_VERSION
from tasks.store.refs import published_digest
from tasks.store.storage import ModelRef, Ref, Store, read_table
from tasks.vectors.encoder import EncoderRef
from validation.tables.schemas import EVERY_NIGHT, PUBLISHED

T = TypeVar("T")


class Surroundings(BaseModel):
    """What a night is published from besides the results of its stages."""

    model_config = ConfigDict(frozen=True)

    window: list[NightTable]
    """The documents that are clustered together, tonight's among them."""
    items: Ref
    """Their distinct texts with their vectors."""
    passages: Ref
    """The distinct passages of those that have several, with theirs."""
    encoder: EncoderRef
    config: dict[str, Any]
    read_from: str
    """Where the feed lay, which decides nothing."""


class Night(BaseModel):
    """Everything that a night is published from."""

    model_config = ConfigDict(frozen=True)

    tables: dict[str, Ref]
    """Stage files, by the names of `PUBLISHED`."""
    models: dict[str, ModelRef]
    checks: dict[str, Ref]
    facts: dict[str, Any]
    """What the manifest tells of the stages; see `StageResult.facts`."""
    around: Surroundings


def merged(results: Sequence[StageResult], around: Surroundings) -> Night:
    """Put the results of a night's stages together.

    Raises
    ------
    RuntimeError
        If two stages have something of the same name, or the tables are not those of `PUBLISHED`.
    """
    tables = _united(it.tables for it in results)
    if not set(EVERY_NIGHT) <= tables.keys() <= PUBLISHED.keys():
        raise RuntimeError(
            f"a night must have the tables {', '.join(EVERY_NIGHT)}, got {', '.join(tables)};"
            " this is a bug in nightfold, please report it"
        )
    return Night(
        tables=tables,
        models=_united(it.models for it in results),
        checks=_united(it.checks for it in results),
        facts=_united(it.facts() for it in results),
        around=around,
    )


def _united(parts: Iterable[Mapping[str, T]]) -> dict[str, T]:
    """Unite what the stages have, by name."""
    found: dict[str, T] = {}
    for part in parts:
        if twice := found.keys() & part.keys():
            raise RuntimeError(
                f"two stages of a night have the result {', '.join(sorted(twice))};"
                " this is a bug in nightfold, please report it"
            )
        found |= part
    return found


def _table_path(store: Store, table: str, ref: Ref) -> str:
    path = store.partition(table) / f"part-{published_digest(ref.sha256)}.parquet"
    return path.relative_to(store.root).as_posix()


def _model_path(store: Store, model: str, file: str, ref: Ref) -> str:
    """Name a model's files by their content, so that a night is replaced whole.

    What an earlier night has published stays where it is: a night that goes on from it shares it.
    """
    if is_published_model(store, ref.path):
        return ref.path
    name = Path(file)
    path = (
        store.partition("models")
        / model
        / name.with_name(f"{name.stem}-{published_digest(ref.sha256)}{name.suffix}")
    )
    return path.relative_to(store.root).as_posix()


def placed(store: Store, night: Night) -> list[tuple[Ref, str]]:
    """Pair every file of a night that is not in its place yet with its published path."""
    placed = [(ref, _table_path(store, table, ref)) for table, ref in night.tables.items()]
    for model, saved in night.models.items():
        placed += [(ref, _model_path(store, model, file, ref)) for file, ref in saved.files.items()]
    return [(ref, path) for ref, path in placed if path != ref.path]


def content_of(store: Store, night: Night) -> dict[str, Any]:
    """Return a night's manifest, without its reports and what differs from run to run."""
    return (
        _languages_not_learnt(night)
        | night.facts
        | {
            "format_version": FORMAT_VERSION,
            "feed": store.feed,
            "night": str(store.night),
            "window_documents": night.tables["assignments"].rows,
            "tables": {
                name: ref.model_copy(update={"path": _table_path(store, name, ref)}).model_dump()
                for name, ref in night.tables.items()
            },
            "models": {
                model: {
                    file: ref.model_copy(
                        update={"path": _model_path(store, model, file, ref)}
                    ).model_dump()
                    for file, ref in saved.files.items()
                }
                for model, saved in night.models.items()
            },
            "checks": {
                name: json.loads(store.resolve(ref).read_bytes())
                for name, ref in night.checks.items()
            },
            "encoder": night.around.encoder.model_dump(
                include={"name", "digest", "backend", "dtype"}
            ),
            "metrics": read_table(store, night.tables["metrics"]).to_pylist(),
            "config": night.around.config,
        }
    )


def _languages_not_learnt(night: Night) -> dict[str, Any]:
    """Return the languages of the texts that the encoder does not know; nothing where it does."""
    from models.text.language.told import not_learnt

    found = not_learnt(night.facts.get("languages", {}), night.around.encoder.languages)
    return {"not_learnt": found} if found else {}


def reports_of(store: Store, reports: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the manifest's part on reports: under its digest a changed one is found.

    Parameters
    ----------
    store
        Which night.
    reports
        File name → content.
    """
    folder = store.partition("reports").relative_to(store.root)
    return {
        "reports": {
            name: Ref(
                path=(folder / name).as_posix(),
                sha256=hashlib.sha256(content).hexdigest(),
                rows=0,
            ).model_dump()
            for name, content in reports.items()
        }
    }


def published_refs(content: Mapping[str, Any]) -> list[Ref]:
    """Return every file that a manifest names."""
    refs = [
        *content["tables"].values(),
        *content["reports"].values(),
        *(ref for model in content["models"].values() for ref in model.values()),
    ]
    return [Ref.model_validate(ref) for ref in refs]

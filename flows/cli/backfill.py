"""Run the nights of the past in order, from the parts of a dated feed."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.cli.command import say
from flows.explain import explain
from validation.errors import NightfoldError

if TYPE_CHECKING:
    from flows.cli.runs import RunNight
    from flows.config import NightlyConfig


class BackfillStoppedError(NightfoldError):
    """A night failed, and those after it were not tried."""


@dataclass(frozen=True)
class Past:
    """What is to be run.

    Parameters
    ----------
    pattern
        See `tasks.reading.dated.feed_of`.
    first, last
        Nights, both included.
    """

    pattern: str
    first: date
    last: date


def configured_nights(
    past: Past, config: Path | None, options: dict[str, Any]
) -> "list[NightlyConfig]":
    """Configure every night before the first one runs.

    Raises
    ------
    ConfigError
        If the nights, the pattern or a setting cannot be used.
    """
    from flows.config import load_config
    from flows.toml_file import ConfigError
    from tasks.reading.dated import feed_of, nights_between, require_dated
    from tasks.reading.sources.errors import FeedError
    from tasks.reading.sources.urls import require_no_secret

    try:
        nights = nights_between(past.first, past.last)
        require_no_secret(past.pattern)
        require_dated(past.pattern, nights)
    except FeedError as error:
        raise ConfigError(str(error)) from error
    return [
        load_config(config, options | {"feed": feed_of(past.pattern, night), "night": night})
        for night in nights
    ]


def run_nights(configs: "list[NightlyConfig]", run_night: "RunNight") -> None:
    """Run the nights that are not published yet, and stop at the first that fails.

    Parameters
    ----------
    configs
        Of the nights, in order.
    run_night
        See `flows.cli.runs.prepare_runs`.

    Raises
    ------
    BackfillStoppedError
        Naming the night and why it failed.
    """
    for config in configs:
        try:
            if there := _already(config):
                say(f"night {config.night}: {there}, skipped")
                continue
            say(f"night {config.night}: {_run(config, run_night)}")
        except Exception as error:
            raise BackfillStoppedError(
                f"night {config.night} failed: {explain(error)}; the nights after it were not"
                " tried: the same command continues from there once this is fixed"
            ) from error


def _run(config: "NightlyConfig", run_night: "RunNight") -> str:
    """Run one night and summarise it in a line."""
    from tasks.boundary.counted import counted
    from tasks.preparing.counts import rows_said
    from tasks.reading.sources.kinds import require_feed
    from tasks.store.bucket.claim import require_free

    require_feed(config.feed, config.sources())
    require_free(config.tonight())
    run_night(config)
    manifest = config.tonight().read_manifest()
    return f"{rows_said(manifest.counts)}; {counted(manifest.n_clusters, 'cluster')}"


def _already(config: "NightlyConfig") -> str | None:
    """Return why a night need not run, or None; a run rewrites a damaged manifest."""
    from tasks.store.manifests import ManifestError
    from tasks.store.pruned import read_pruned

    store = config.tonight()
    if config.night in {pruned.night for pruned in read_pruned(store)}:
        return "pruned already"
    try:
        is_published = store.manifest_path().is_file() and bool(store.read_manifest())
    except ManifestError:
        return None
    return "published already" if is_published else None

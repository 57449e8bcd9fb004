"""The command line. Heavy imports are deferred, so `--help` is instant."""

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape

from flows.cli import check, curate, encoder, init, operate, report, run_many
from flows.cli.command import (
    FEED,
    FEED_NAME,
    STORE,
    ConfigOption,
    CurationOption,
    DebugOption,
    ModalityOption,
    StoreOption,
    TonightOption,
    WindowOption,
    examples,
    guarded,
    said_error,
    say_error,
    store_root,
)
from flows.cli.demo import demo as demos
from flows.cli.looking import clusters, export, look
from flows.cli.looking import config as config_group
from flows.cli.tables import tables
from flows.feeds import feed_names, settings_in
from flows.prefect_home.environment import set_environment
from flows.prefect_home.log_lines import keep_lines_inert
from flows.terminal.output import forgive_output
from flows.toml_file import read_toml, stated

if TYPE_CHECKING:
    from flows.cli.runs import RunNight

app = typer.Typer(
    help="Cluster growing feeds of documents, night by night.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Nights = Sequence[tuple[Path | None, dict[str, Any]]]
"""Configuration file and options of the command line, night by night."""

_RUN: Final = (
    "nightfold run reviews.jsonl --store my-store",
    "nightfold run 'in/reviews-{night-1}.jsonl' --store my-store --n-clusters 12",
    "nightfold run s3://bucket/reviews/ --store my-store --config other.toml",
    "nightfold run photos/ --store my-store --modality images",
    "nightfold run signals.csv --store my-store --modality series",
    "nightfold run --config nightfold.toml",
)
_EXAMPLES: Final = {
    **operate.EXAMPLES,
    **run_many.EXAMPLES,
    "check": check.EXAMPLES,
    "encoder": encoder.EXAMPLES,
    "init": init.EXAMPLES,
    "report": report.EXAMPLES,
    "clusters": clusters.EXAMPLES,
    **look.EXAMPLES,
    "export": export.EXAMPLES,
}

_OBJECTS_BETWEEN_COLLECTIONS: Final = 50_000
"""Python's default of 700 is for small programs: a fifth of the time to load the libraries would
go into looking for garbage among them."""


@app.callback(invoke_without_command=True)
def about(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", "-V", is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Cluster growing feeds of documents, night by night."""
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"nightfold {version_of('nightfold')}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())
    else:
        return
    raise typer.Exit


@app.command(epilog=examples(*_RUN))
def run(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    feed: Annotated[
        str | None,
        typer.Argument(
            envvar=FEED,
            help="File, folder, glob or URL of JSON, CSV, Parquet or .xlsx; else that of the"
            " config.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            envvar=STORE,
            help="Folder of the store, created if need be, or s3:// URL; else that of the config.",
        ),
    ] = None,
    night: TonightOption = None,
    feed_name: Annotated[
        str | None,
        typer.Option(envvar=FEED_NAME, help="Nights of one feed share clusters and ids."),
    ] = None,
    config: ConfigOption = None,
    modality: ModalityOption = None,
    n_clusters: Annotated[str | None, typer.Option(help="A number, or auto.")] = None,
    window_days: WindowOption = None,
    curation: CurationOption = None,
    debug: DebugOption = False,
) -> None:
    """Run one night of a feed and publish its tables.

    Of all feeds, where the config has several and none is named.
    """

    def run_night() -> None:
        from tasks.store.bucket.place import root_of

        root = stated("store", store, read_toml(config) if config else {}, config)
        named = [feed_name] if feed_name or feed else feed_names(config)
        nights: Nights = [
            (
                config,
                {
                    "feed": stated("feed", feed, settings_in(config, name), config),
                    "store": root,
                    "night": night,
                    "feed_name": name,
                    "modality": modality,
                    "clustering.n_clusters": _count_or_auto(n_clusters),
                    "window_days": window_days,
                    "curation": curation,
                },
            )
            for name in named or [None]
        ]
        _run_nights(root_of(root), nights, debug, goes_on=True)

    guarded(run_night, debug)


@app.command(epilog=examples(*demos.EXAMPLES))
def demo(
    store: Annotated[
        Path,
        typer.Option(parser=store_root, metavar="PATH", help="Folder of the demo's store."),
    ] = Path("demo-store"),
    modality: Annotated[str, typer.Option(help="text, or images that are drawn.")] = "text",
    debug: DebugOption = False,
) -> None:
    """Run the nights of the bundled sample feed, or of a drawn one."""

    def run_demo() -> None:
        nights = [(None, options) for options in demos.demo_nights(modality, store.absolute())]
        _run_nights(store, nights, debug)

    guarded(run_demo, debug)


@app.command(
    epilog=examples("nightfold ui --store my-store", "nightfold ui --store my-store --port 4300")
)
def ui(
    store: StoreOption,
    port: Annotated[int, typer.Option(min=1, max=65535, help="On 127.0.0.1.")] = 4200,
    debug: DebugOption = False,
) -> None:
    """Open the Prefect UI on the runs of a store."""

    def serve() -> None:
        from flows.cli.ui import serve_ui

        serve_ui(store.absolute(), port)

    guarded(serve, debug)


for command in (
    init.init,
    check.check,
    report.report,
    clusters.clusters,
    look.explain,
    look.history,
    look.search,
    export.export,
    run_many.backfill,
    operate.assign,
    operate.doctor,
    operate.prune,
    run_many.serve,
    operate.overdue,
    encoder.encoder,
    tables,
):
    app.command(epilog=examples(*_EXAMPLES[command.__name__]))(command)


app.add_typer(curate.app, name="curate")
app.add_typer(config_group.app, name="config")


def main() -> None:
    """Run the command line; nothing that is printed decides its exit code."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # Last of all that is done at the end, when Python would search all that was loaded for garbage:
    # that takes as long as to load a fifth of it.
    atexit.register(gc.freeze)
    set_environment()
    forgive_output()
    keep_lines_inert()
    app()


def _run_nights(store: Path, nights: Nights, debug: bool, goes_on: bool = False) -> None:
    """Run nights one after the other on one embedded Prefect, and show each.

    Where it goes on after a night that fails, the command fails in the end with the highest code.
    """
    from flows.cli.runs import prepare_runs
    from flows.prefect_home.runtime import is_embedded
    from tasks.reading.sources.kinds import source_of

    console = Console()
    store = store.expanduser().absolute()
    for _, options in nights:
        source_of(options["feed"]).require_apart(store)
    run_night = prepare_runs(store, debug, say_error)
    codes, page = [0], None
    for file, options in nights:
        try:
            page = _run_night(console, run_night, file, options)
        except Exception as error:
            if not goes_on or len(nights) == 1:
                raise
            codes.append(said_error(error, debug, f"feed {options['feed_name']}: "))
    own = f"nightfold ui --store {escape(str(store))}"
    where = own if is_embedded() else os.environ["PREFECT_API_URL"].removesuffix("/api")
    console.print(f"Prefect UI: {where}", soft_wrap=True)
    if page:
        console.print(f"report:     {escape(page)}", soft_wrap=True)
    if max(codes):
        sys.exit(max(codes))


def _run_night(
    console: Console, run_night: "RunNight", file: Path | None, options: dict[str, Any]
) -> str | None:
    """Run a night and show what it did; return the path of its report, if it has one."""
    from flows.config import load_config
    from flows.terminal.console import show_run
    from tasks.reading.sources.kinds import require_feed
    from tasks.reporting.night_view import read_night
    from tasks.reporting.render.links import PAGE
    from tasks.store.bucket.claim import require_free
    from tasks.store.turn import turn_of

    config = load_config(file, options)
    require_feed(config.tonights_feed(), config.sources())
    require_free(config.tonight())
    console.print(
        f"night {config.night} of feed {escape(config.feed_name)},"
        f" from {escape(config.tonights_feed())}",
        soft_wrap=True,
    )
    for remark in turn_of(config.tonight(), is_said="night" in config.model_fields_set):
        console.print(f"  {remark}", soft_wrap=True, highlight=False)
    report = run_night(config)
    show_run(console, config.tonight(), read_night(config.tonight()), report)
    if report is not None:
        return report.page
    return str(config.tonight().partition("reports") / PAGE) if config.report.enabled else None


def _count_or_auto(n_clusters: str | None) -> int | str | None:
    return int(n_clusters) if n_clusters and n_clusters.isdigit() else n_clusters

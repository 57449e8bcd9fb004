"""`nightfold export`: a night for spreadsheets and for embedding-atlas."""

from pathlib import Path
from typing import Annotated, Final

import typer

from flows.cli.command import (
    DebugOption,
    FeedNameOption,
    PublishedNightOption,
    StoreOption,
    guarded,
    say,
)

EXAMPLES: Final = (
    "nightfold export --store my-store --xlsx night.xlsx",
    "nightfold export --store my-store --night 2026-03-01 --csv out --atlas out",
)


def export(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    store: StoreOption,
    csv: Annotated[Path | None, typer.Option(help="Folder for two CSV files.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Workbook with two sheets.")] = None,
    atlas: Annotated[
        Path | None, typer.Option(help="Folder for the Parquet that embedding-atlas reads.")
    ] = None,
    feed_name: FeedNameOption = None,
    night: PublishedNightOption = None,
    debug: DebugOption = False,
) -> None:
    """Write a night for spreadsheets or embedding-atlas.

    Every document of the window with its text, cluster and topic, and every cluster.
    """

    def write() -> None:
        from tasks.looking.export.atlas import NO_MAP, atlas_command, write_atlas
        from tasks.looking.export.nearest import read_nearest
        from tasks.looking.export.rows import export as rows_of
        from tasks.looking.export.sheets import (
            CannotExportError,
            warnings_of,
            write_csv,
            write_xlsx,
        )
        from tasks.reporting.published import published_night

        if csv is xlsx is atlas is None:
            raise CannotExportError("say what to write: --csv DIR, --xlsx FILE or --atlas DIR")
        published = published_night(store, feed_name, night)
        found = rows_of(published)
        files = [
            *(write_csv(found, csv) if csv else []),
            *(write_xlsx(found, xlsx) if xlsx else []),
            *(write_atlas(found, read_nearest(published, found), atlas) if atlas else []),
        ]
        for file in files:
            say(f"wrote {file}")
        for warning in warnings_of(found) if csv or xlsx else []:
            say(warning)
        if atlas:
            say(atlas_command(found, files[-1]) if found.has_map else NO_MAP)

    guarded(write, debug)

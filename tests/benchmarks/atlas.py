"""Whether embedding-atlas itself reads what `nightfold export --atlas` writes.

make bench-atlas

A night is exported; embedding-atlas's command loads it, computes what it computes of neighbours, and
writes its application; and where there is a Chromium (CHROMIUM names it), the application is opened
from this machine: its DuckDB counts the documents, and a picture of it is left. The points
themselves it draws by WebGPU alone, which a machine without a graphics card lacks.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, Final

import pyarrow.parquet as pq

COMPUTED: Final = ("--degree", "--kcore", "--clustering")
"""Of the graph of neighbours; what else it computes needs a torch of its own."""


def exported(store: Path, folder: Path) -> list[str]:
    """Export the last night, and return the command that nightfold says shows it."""
    nightfold = str(Path(sys.executable).with_name("nightfold"))
    words = [nightfold, "export", "--store", str(store), "--atlas", str(folder)]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return said.splitlines()[-1].split()


def read_by_tool(tool: Path, command: list[str], application: Path) -> dict[str, Any]:
    """Have embedding-atlas read the file, and return what came out of it."""
    words = [str(tool), *command[1:], *COMPUTED, "--export-application", str(application)]
    subprocess.run(words, check=True, capture_output=True)
    ours, theirs = pq.read_table(command[1]), pq.read_table(application / "data/dataset.parquet")
    told = json.loads((application / "data/metadata.json").read_text())["props"]["data"]
    lost = set(ours.column_names) - set(theirs.column_names)
    near = ours["neighbors"].to_pylist()
    degrees = theirs["out_degree"].to_pylist()
    return {
        "documents": ours.num_rows,
        "read": theirs.num_rows,
        "columns_lost": sorted(lost),
        "places": told["projection"],
        "neighbours": told["neighbors"],
        "neighbours_read": degrees == [len(it["ids"]) - 1 for it in near],
    }


def shown_in_browser(application: Path, n_documents: int, picture: Path) -> dict[str, Any]:
    """Open the application, and return what it says of the documents."""
    from playwright.sync_api import sync_playwright

    with served(application) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-background-networking"],
        )
        shown = browser.new_page(viewport={"width": 1400, "height": 900})
        broken: list[str] = []
        shown.on("pageerror", lambda it: broken.append(str(it)))
        shown.goto(address)
        shown.get_by_text(f"{n_documents:,} points").first.wait_for(timeout=120_000)
        shown.wait_for_timeout(5000)
        shown.screenshot(path=picture)
        browser.close()
    return {"documents_in_browser": n_documents, "errors": broken}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of requests."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder to this machine alone."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def main() -> None:
    """Export, read, open; exit code 1 where something was lost on the way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--tool", type=Path, required=True, help="embedding-atlas")
    parser.add_argument("--picture", type=Path, default=Path("atlas.png"))
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        command = exported(given.store, folder / "out")
        found = read_by_tool(given.tool, command, folder / "app")
        if shutil.which(os.environ.get("CHROMIUM", "chromium")):
            found |= shown_in_browser(folder / "app", found["documents"], given.picture)
    print(json.dumps(found, indent=1))
    is_whole = found["documents"] == found["read"] and found["neighbours_read"]
    sys.exit(not is_whole or bool(found["columns_lost"] or found.get("errors")))


if __name__ == "__main__":
    main()

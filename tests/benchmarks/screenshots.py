"""Take the pictures in docs/images, in a real browser: the report, and the Prefect UI on two nights.

Needs a Chromium and playwright, which are no dependencies of the project; CHROMIUM names the browser.
Of a report, after `nightfold demo`:

    python tests/benchmarks/screenshots.py demo-store/reports/feed=sample/night=2026-03-04/index.html docs/images

Of the Prefect UI: run two nights and the second one once more with a [[watch]] added (the stages before it are cached),
start `nightfold ui` on a terminal, then, with the address that it prints:

    python tests/benchmarks/screenshots.py "http://127.0.0.1:4200/?key=KEY" docs/images
"""

import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any


def ask(address: str, path: str, body: dict[str, Any]) -> Any:
    server, key = address.split("/?key=")
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{server}/api{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read())


def pages(address: str) -> dict[str, str]:
    """Name the pages: the last run with its cached stages, and artifacts of the night."""
    last, first = ask(address, "/flow_runs/filter", {"sort": "START_TIME_DESC", "limit": 2})
    found = {
        "night-cached": f"/runs/flow-run/{last['id']}",
        "night": f"/runs/flow-run/{first['id']}",
    }
    wanted = {"flow_runs": {"id": {"any_": [first["id"]]}}, "sort": "CREATED_DESC"}
    for artifact in ask(address, "/artifacts/filter", wanted):
        found.setdefault(artifact["key"], f"/artifacts/artifact/{artifact['id']}")
    return found


REPORT = {
    "report-changes": ("light", (1280, 900), ""),
    "report-map": ("light", (1280, 900), "#map"),
    "report-phone": ("dark", (390, 844), "#map"),
}
"""Picture → colours, size of the window, and the part of the report that is on top."""


def pictures_of_report(browser: Any, page: str, folder: Path) -> None:
    """Take the pictures of a report, with the network off."""
    for name, (colours, (width, height), part) in REPORT.items():
        size = {"width": width, "height": height}
        with browser.new_context(viewport=size, color_scheme=colours, offline=True) as context:
            tab = context.new_page()
            tab.goto(Path(page).absolute().as_uri())
            if part:
                tab.locator(part).evaluate("it => it.scrollIntoView()")
            tab.wait_for_timeout(2000)
            tab.screenshot(path=str(folder / f"{name}.png"))
            print(folder / f"{name}.png")


def main(address: str, folder: Path, *names: str) -> None:
    """Take the pictures of a report, or of the named pages of the UI, or of all of them."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        if address.endswith(".html"):
            pictures_of_report(browser, address, folder)
            return
        known = pages(address)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        for name in names or known:
            page.goto(address.replace("/?", f"{known[name]}?"))
            page.wait_for_timeout(6000)
            page.screenshot(path=str(folder / f"prefect-{name}.png"))
            print(folder / f"prefect-{name}.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])

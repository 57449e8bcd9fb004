"""How large the report of 100,000 documents is, how long it takes to open, how smooth its map is.

    PYTHONPATH=. python tests/benchmarks/report_size.py REPORT.json OUT.html

REPORT.json is that of any night; its themes are multiplied to eighty, and the documents are made of
its words, which compress worse than sentences. With playwright, which is no dependency of the
project, the page is opened, too; CHROMIUM names the browser.
"""

import json
import os
import random
import sys
import uuid
from pathlib import Path
from typing import Any, Final

import numpy as np

from tasks.reporting.beside.points import Points
from tasks.reporting.render.page.html import page
from tasks.reporting.render.page.packed import packed

N_DOCUMENTS: Final = 100_000
N_THEMES: Final = 80
CHARS: Final = 90
"""Of a text where a report has so many."""

MOVES: Final = """async () => {
  const map = document.querySelector(".surface"), began = performance.now();
  map.focus();
  let frames = 0;
  while (performance.now() - began < 4000) {
    const key = frames++ % 2 ? "ArrowLeft" : "ArrowRight";
    map.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
    await new Promise(requestAnimationFrame);
  }
  return frames / 4;
}"""


def made_points(words: list[str], theme_ids: list[str]) -> Points:
    """Make documents of random words, in round islands."""
    draw, rng = random.Random(0), np.random.default_rng(0)
    themes = rng.integers(0, len(theme_ids), N_DOCUMENTS)
    middles = 40 * rng.normal(size=(len(theme_ids), 2))
    places = middles[themes] + 3 * rng.normal(size=(N_DOCUMENTS, 2))
    return Points(
        doc_ids=[str(uuid.UUID(int=draw.getrandbits(128))) for _ in range(N_DOCUMENTS)],
        texts=[" ".join(draw.choices(words, k=30))[:CHARS] for _ in range(N_DOCUMENTS)],
        cluster_ids=[theme_ids[it] for it in themes],
        is_new=(rng.random(N_DOCUMENTS) < 0.03).tolist(),
        places=places.astype(np.float32),
        n_left_out=0,
    )


def enlarged(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content with eighty themes in ten topics."""
    found = content["themes"]
    themes = [found[it % len(found)] | {"id": f"c-{it:03}"} for it in range(N_THEMES)]
    ids = [it["id"] for it in themes]
    topics = [
        {"id": f"t-{it}", "name": themes[it]["name"], "size": 1, "themes": ids[8 * it : 8 * it + 8]}
        for it in range(N_THEMES // 8)
    ]
    return content | {"themes": themes, "topics": topics}


def opened(path: Path) -> None:
    """Open the page, and say how long it took and how many frames a second its map has."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        shown = browser.new_page()
        tools = shown.context.new_cdp_session(shown)
        tools.send("Performance.enable", {"timeDomain": "threadTicks"})
        shown.goto(f"file://{path.absolute()}")
        shown.wait_for_function("document.documentElement.dataset.state == 'ready'")
        print(f"open after {shown.evaluate('performance.now()') / 1000:.1f} s")
        told = {it["name"]: it["value"] for it in tools.send("Performance.getMetrics")["metrics"]}
        print(f"{told['TaskDuration']:.2f} processor seconds of the page's own thread until then")
        print(f"{shown.evaluate(MOVES):.0f} frames a second, drawn by software")
        browser.close()


def main(report: Path, out: Path) -> None:
    """Make the page, and open it."""
    content = enlarged(json.loads(report.read_bytes()))
    texts = [it["text"] for theme in content["themes"] for it in theme["exemplars"]]
    ids = [it["id"] for it in content["themes"]]
    points = made_points(" ".join(texts).split(), ids)
    out.write_text(page(content, packed(points, ids)), encoding="utf-8")
    print(f"{out.stat().st_size / 1e6:.1f} MB for {N_DOCUMENTS:,} documents")
    opened(out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

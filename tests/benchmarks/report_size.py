"""How large the report of 100,000 documents is, how long it takes to open, how smooth its map is.

make bench-page

REPORT is `report.json` of any night; its themes are multiplied to eighty, and the documents are made
of its words, which compress worse than sentences. The page is opened in Chromium with the network
off, and what must not happen is counted: messages of the console, requests, faults that axe-core
finds. CHROMIUM names the browser.

A machine without a graphics card draws by software, which no reader of a report has to: there the
frames say little, and what the page's own thread takes of a frame says whether a card would wait for
it. A second on a graphics card has as many frames as that time leaves room for, up to the screen's.
"""

import argparse
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

SECONDS: Final = 4

MOVES: Final = """async ([one, other, seconds]) => {
  const map = document.querySelector(".surface"), began = performance.now();
  map.focus();
  let frames = 0;
  while (performance.now() - began < 1000 * seconds) {
    const key = frames++ % 2 ? one : other;
    map.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
    await new Promise(requestAnimationFrame);
  }
  return frames;
}"""
KEYS: Final = {"pan": ("ArrowLeft", "ArrowRight"), "zoom": ("+", "-")}

SERIOUS: Final = """async () => (await axe.run()).violations
  .filter((it) => ["serious", "critical"].includes(it.impact)).map((it) => it.id)"""


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


def opened(path: Path, axe: Path | None, is_drawn_by_card: bool) -> dict[str, Any]:
    """Open the page, and return what it took and what its map takes."""
    from playwright.sync_api import sync_playwright

    software = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    card = ["--use-angle=vulkan", "--ignore-gpu-blocklist", "--enable-gpu"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", *(card if is_drawn_by_card else software)],
        )
        context = browser.new_context(offline=True)
        shown = context.new_page()
        said: list[str] = []
        shown.on("console", lambda it: said.append(it.text))
        shown.on("pageerror", lambda it: said.append(str(it)))
        asked: list[str] = []
        shown.on("request", lambda it: asked.append(it.url))
        tools = context.new_cdp_session(shown)
        tools.send("Performance.enable", {"timeDomain": "threadTicks"})
        shown.goto(path.absolute().as_uri())
        shown.wait_for_function("document.documentElement.dataset.state == 'ready'")
        found: dict[str, Any] = {
            "open_after_s": round(shown.evaluate("performance.now()") / 1000, 2),
            "own_thread_s": round(busy(tools), 2),
            "drawn_by": shown.evaluate(DRAWN_BY),
        }
        shown.wait_for_timeout(1000)
        for name, keys in KEYS.items():
            before = busy(tools)
            frames = shown.evaluate(MOVES, [*keys, SECONDS])
            own = 1000 * (busy(tools) - before) / frames
            found[name] = {
                "frames_a_second": round(frames / SECONDS, 1),
                "own_thread_ms_a_frame": round(own, 1),
            }
        found |= {"console": said, "requests": [it for it in asked if not it.startswith("file:")]}
        browser.close()
        if axe:
            found["serious_faults"] = faults(playwright, path, axe)
    return found


DRAWN_BY: Final = """() => {
  const gl = document.createElement("canvas").getContext("webgl2");
  return gl ? gl.getParameter(gl.getExtension("WEBGL_debug_renderer_info").UNMASKED_RENDERER_WEBGL)
    : "nothing";
}"""


def busy(tools: Any) -> float:
    """Return the processor seconds that the page's own thread has had."""
    told = {it["name"]: it["value"] for it in tools.send("Performance.getMetrics")["metrics"]}
    return float(told["TaskDuration"])


def faults(playwright: Any, path: Path, axe: Path) -> list[str]:
    """Return what axe-core finds serious, with all parts of the page opened.

    The page's policy forbids scripts such as axe-core, so that a browser of its own passes it over.
    """
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
    )
    shown = browser.new_context(offline=True, bypass_csp=True).new_page()
    shown.goto(path.absolute().as_uri())
    shown.wait_for_function("document.documentElement.dataset.state == 'ready'")
    shown.evaluate("for (const it of document.querySelectorAll('details')) it.open = true")
    shown.add_script_tag(path=str(axe))
    found: list[str] = shown.evaluate(SERIOUS)
    browser.close()
    return found


def main() -> None:
    """Make the page, and open it; exit code 1 where something fails that no machine excuses."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--page", type=Path, required=True, help="where the page is written")
    parser.add_argument("--axe", type=Path, help="axe.min.js")
    parser.add_argument("--card", action="store_true", help="this machine has a graphics card")
    given = parser.parse_args()
    content = enlarged(json.loads(given.report.read_bytes()))
    texts = [it["text"] for theme in content["themes"] for it in theme["exemplars"]]
    ids = [it["id"] for it in content["themes"]]
    points = made_points(" ".join(texts).split(), ids)
    given.page.write_text(page(content, packed(points, ids)), encoding="utf-8")
    found = {"documents": N_DOCUMENTS, "mb": round(given.page.stat().st_size / 1e6, 1)}
    found |= opened(given.page, given.axe, given.card)
    print(json.dumps(found, indent=1))
    sys.exit(bool(found["console"] or found["requests"] or found.get("serious_faults")))


if __name__ == "__main__":
    main()

"""The page of a report holds hostile texts as data, and a real browser finds nothing to run."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.publishing.report_files import render
from tasks.reporting.night_view import NightView
from tasks.reporting.render.page.html import as_json
from tests.tasks.reporting.render.page.conftest import BREAKOUT, HOSTILE

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def test_json_in_a_page_has_no_mark_and_stays_itself() -> None:
    spelled = as_json(HOSTILE)
    assert not set("<>&\u2028\u2029") & set(spelled)
    assert json.loads(spelled) == HOSTILE


def test_the_page_is_one_file_whose_policy_names_all_that_may_run(hostile_night: NightView) -> None:
    page = render(hostile_night)["index.html"].decode()
    assert page.count("<script") == 3
    assert page.count("</script>") == 3
    assert BREAKOUT not in page
    assert "default-src &#39;none&#39;; script-src &#39;sha256-" in page
    assert not re.search(r"""(?:src|href)=["']?https?:""", page)


def test_pictures_are_let_in_only_where_there_are_some(hostile_night: NightView) -> None:
    assert "img-src" not in render(hostile_night)["index.html"].decode()
    row = dict(hostile_night.clusters[0], exemplar_doc_ids=["a"], exemplar_texts=["red"])
    beside = replace(hostile_night.beside, pictures={"a": "data:image/png;base64,AA=="})
    shown = render(replace(hostile_night, clusters=[row], beside=beside))
    assert "img-src data:; base-uri" in shown["index.html"].decode()
    exemplars = json.loads(shown["report.json"])["themes"][0]["exemplars"]
    assert exemplars == [{"doc_id": "a", "text": "red", "picture": "data:image/png;base64,AA=="}]


def test_the_same_night_gives_the_same_bytes(hostile_night: NightView) -> None:
    assert render(hostile_night) == render(hostile_night)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_a_browser_shows_it_without_an_error(hostile_night: NightView, tmp_path: Path) -> None:
    for name, content in render(hostile_night).items():
        (tmp_path / name).write_bytes(content)
    words = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-background-networking",
        "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--enable-logging=stderr",
        f"--user-data-dir={tmp_path / 'browser'}", "--virtual-time-budget=8000",
        "--host-resolver-rules=MAP * ~NOTFOUND", "--dump-dom", f"file://{tmp_path / 'index.html'}",
    ]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert 'data-state="ready"' in done.stdout
    assert "<img" not in done.stdout
    assert [it for it in done.stderr.splitlines() if ":CONSOLE" in it] == []
    shown = done.stdout.partition("<main>")[2]
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;" in shown

"""`nightfold init`: it writes a file that works as it is, and never over another."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from flows.cli.init import starter_toml
from flows.config import load_config

Invoke = Callable[..., Any]


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "feed.jsonl"
    rows = (
        {"id": f"d{n}", "text": f"The kettle leaks, part {n}", "date": "2026-02-20"}
        for n in range(20)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_file_loads_and_a_check_needs_no_more(
    invoke: Invoke, feed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = invoke("init", "feed.jsonl")
    assert done.exit_code == 0, done.output
    assert "wrote nightfold.toml" in done.stdout
    config = load_config(tmp_path / "nightfold.toml", {})
    assert (config.feed, config.store) == (str(feed), tmp_path / "nightfold-store")
    assert config.ingest.columns.text == "text"
    checked = invoke("check", "--config", "nightfold.toml")
    assert (checked.exit_code, "would make 20 documents" in checked.stdout) == (0, True)
    assert sorted(it.name for it in tmp_path.iterdir()) == ["feed.jsonl", "nightfold.toml"]


def test_a_file_that_is_there_is_left(invoke: Invoke, feed: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.toml"
    out.write_text("feed = 'mine'\n", encoding="utf-8")
    done = invoke("init", feed, "--out", out)
    assert done.exit_code == 2
    assert "mine.toml is there already and is left as it is" in done.stderr
    assert out.read_text(encoding="utf-8") == "feed = 'mine'\n"


def test_what_cannot_be_read_is_said_as_by_check(invoke: Invoke, tmp_path: Path) -> None:
    gone, out = tmp_path / "nowhere.jsonl", tmp_path / "nightfold.toml"
    done, checked = invoke("init", gone, "--out", out), invoke("check", gone)
    assert (done.exit_code, done.stderr) == (checked.exit_code, checked.stderr) == (2, done.stderr)
    assert "nowhere.jsonl is not there" in done.stderr
    assert not out.exists()


def test_a_run_takes_feed_and_store_from_its_config(invoke: Invoke, tmp_path: Path) -> None:
    config = tmp_path / "nightfold.toml"
    config.write_text(f"feed = '{tmp_path}/gone.csv'\nstore = '{tmp_path}/s'\n", encoding="utf-8")
    done = invoke("run", "--config", config)
    assert (done.exit_code, "gone.csv is not there" in done.stderr) == (2, True)
    assert "feed is missing" in invoke("run", "--store", tmp_path / "s").stderr


def test_settings_that_the_feed_needs_are_kept_and_proven_dates_are_read(
    invoke: Invoke, tmp_path: Path
) -> None:
    feed, config, out = (tmp_path / name for name in ("feed.csv", "given.toml", "out.toml"))
    rows = (f"{n};The kettle leaks, part {n};{n}/02/2026\n" for n in range(1, 21))
    feed.write_text("no;note;Posted On\n" + "".join(rows), encoding="cp1252")
    given = f"""feed = '{feed}'
store = '{tmp_path}/there'
window_days = 7
[ingest]
encoding = "cp1252"
[ingest.columns]
doc_id = ["no"]
text = "note"
title = ""
[prepare]
max_text_chars = 900
"""
    config.write_text(given, encoding="utf-8")
    done = invoke("init", "--config", config, "--out", out)
    assert done.exit_code == 0, done.output
    assert "the day comes first: '13/02/2026' (feed.csv row 13)" in done.stdout
    columns = {"doc_id": ["no"], "text": "note", "title": "", "timestamp": "Posted On"}
    before = tomllib.loads(given)
    ingest = {"encoding": "cp1252", "day_first": True, "columns": columns}
    assert tomllib.loads(out.read_text(encoding="utf-8")) == before | {"ingest": ingest}
    assert "20 documents: 0 refused" in out.read_text(encoding="utf-8")
    assert config.read_text(encoding="utf-8") == given

    # What a person has set stays, whatever the dates prove.
    config.write_text(given.replace("[ingest]", '[ingest]\ndate_format = "%Y"'), encoding="utf-8")
    done = invoke("init", "--config", config, "--out", tmp_path / "set.toml")
    written = (tmp_path / "set.toml").read_text(encoding="utf-8")
    assert "day_first" not in tomllib.loads(written)["ingest"]
    assert "so day_first = true under [ingest] reads it" in written


@pytest.mark.parametrize("header", ["no;text;Posted On", "no;Größe;text;Posted On"])
def test_an_old_encoding_and_the_order_of_dates_are_found_in_one_go(
    invoke: Invoke, tmp_path: Path, header: str
) -> None:
    feed, out = tmp_path / "feed.csv", tmp_path / "out.toml"
    size = "7;" if "Größe" in header else ""
    rows = (f"{n};{size}Der Kessel läuft über, Teil {n};{n}/02/2026\n" for n in range(1, 21))
    feed.write_text(f"{header}\n{''.join(rows)}", encoding="cp1252")
    done = invoke("init", feed, "--out", out)
    assert done.exit_code == 0, done.output
    written = out.read_text(encoding="utf-8")
    ingest = tomllib.loads(written)["ingest"]
    assert (ingest["encoding"], ingest["day_first"]) == ("detect", True)
    assert "of 20 rows a night would make 20 documents: 0 refused" in written
    assert "Der Kessel läuft über, Teil 1" in written
    assert "byte 0xe4" in written or "byte 0xf6" in written
    assert "set `encoding`" not in written


def test_broken_bytes_are_no_old_encoding(invoke: Invoke, tmp_path: Path) -> None:
    feed, out = tmp_path / "feed.csv", tmp_path / "out.toml"
    rows = (f"{n},Der Kessel läuft über, Teil {n}\n" for n in range(20))
    feed.write_bytes(("id,text,part\n" + "".join(rows)).encode() + b"99,l\xe4uft,x\n")
    assert invoke("init", feed, "--out", out).exit_code == 0
    written = out.read_text(encoding="utf-8")
    assert "encoding" not in tomllib.loads(written)["ingest"]
    assert "1 refused" in written


def test_a_config_that_is_the_file_to_write_is_left(invoke: Invoke, tmp_path: Path) -> None:
    config = tmp_path / "nightfold.toml"
    config.write_text(f"feed = '{tmp_path}/gone.csv'\n", encoding="utf-8")
    done = invoke("init", "--config", config, "--out", config)
    assert (done.exit_code, "is there already and is left" in done.stderr) == (2, True)


def test_images_are_told_and_a_night_needs_no_more(invoke: Invoke, tmp_path: Path) -> None:
    folder, out = tmp_path / "photos", tmp_path / "photos.toml"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        pixels = rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    done = invoke("init", folder, "--out", out)
    assert done.exit_code == 0, done.output
    written = out.read_text(encoding="utf-8")
    assert "# modality 'images': 3 files of images\n" in written
    assert "# formats: PNG (3)\n" in written
    assert tomllib.loads(written).keys() == {"feed", "store", "modality"}
    assert load_config(out, {}).modality == "images"


def test_columns_of_series_are_set_and_texts_beside_them_are_said(
    invoke: Invoke, tmp_path: Path
) -> None:
    feed, out = tmp_path / "signals.csv", tmp_path / "signals.toml"
    rows = (f"{pump},{at},{pump * at % 7},all is well" for at in range(9) for pump in range(1, 4))
    feed.write_text("pump,time,flow,comment\n" + "\n".join(rows), encoding="utf-8")
    assert "'time' of each 'pump': 'flow': --modality series looks" in starter_toml(
        str(feed), tmp_path / "store", None
    )
    done = invoke("init", feed, "--modality", "series", "--out", out)
    assert done.exit_code == 0, done.output
    told = tomllib.loads(out.read_text(encoding="utf-8"))
    assert told["series"] == {"column": "pump", "time": "time", "values": ["flow"]}
    assert "ingest" not in told
    assert "column 'comment' holds texts: --modality text looks at these" in out.read_text()

"""Whatever a row leads to, it comes out as a row: measured, or with its problem."""

import json
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from tasks.images.decode import from_png
from tasks.images.feed import ImageFeed
from tasks.images.look import limits_of, look_at_images, looked_row, named_by_file
from tasks.images.settings import SIDE, ImageSettings
from tasks.items.looked import LookedAt
from tasks.preparing.checks import CheckSettings, judge_raw
from tasks.reading.raw_feed import RawFeed
from tasks.reading.sources.errors import FeedError
from tasks.store.storage import Store, keep_table, read_batches, read_table
from validation.items.image_rules import ImageLimits, image_rules
from validation.tables.stage_schemas import RAW_ROWS
from validation.usual import UsualNight

Encode = Callable[..., bytes]
SETTINGS = ImageSettings(max_bytes=1_000_000, max_pixels=1_000_000)


def raw_row(number: int, text: str | None) -> dict[str, Any]:
    raw = json.dumps({"id": str(number), "image": text, "path": f"{number}.png"})
    row = {"file": "images", "row": number, "doc_id": str(number), "text": text, "raw": raw}
    return {**dict.fromkeys(RAW_ROWS.names), **row, "source": "images", "n_lines": 1}


@pytest.fixture
def look(store: Store, tmp_path: Path) -> Callable[[list[bytes | str | None]], LookedAt]:
    """Look at rows that lead to the bytes given; a text stands for itself."""

    def looked(items: list[bytes | str | None]) -> LookedAt:
        places, rows = {}, []
        for number, item in enumerate(items):
            text = item
            if isinstance(item, bytes):
                text = sha256(item).hexdigest()
                places[text] = str(tmp_path / f"{number}.png")
                Path(places[text]).write_bytes(item)
            rows.append(raw_row(number, text))
        kept = keep_table(store, "made", pa.Table.from_pylist(rows, schema=RAW_ROWS))
        raw = RawFeed(
            rows=kept, columns={"images": {"text": "image", "doc_id": "id"}}, metadata_types={}
        )
        return look_at_images.fn(store, raw, ImageFeed(pieces=[], places=places), SETTINGS)

    return looked


def refused(store: Store, looked: LookedAt) -> dict[str, tuple[str, str]]:
    limits = CheckSettings(max_refused_share=1.0).raw_limits(store.night, UsualNight())
    read = partial(read_batches, store, looked.raw.rows)
    rows = judge_raw(read, limits, image_rules(limits_of(SETTINGS))).refused.to_pylist()
    return {json.loads(row["raw"])["id"]: (row["rule_id"], row["reason"]) for row in rows}


def test_every_rule_finds_its_image(store: Store, encode: Encode, look: Any) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (9, 900, 3), dtype=np.uint8)
    items = {
        "": encode(),
        "image_found": "!image_found!a.png is not there",
        "image_format": b"%PDF-1.7",
        "image_decodes": encode(Image.effect_noise((60, 60), 90))[:900],
        "image_bytes": bytes(1_000_001),
        "image_pixels": encode(Image.new("1", (1001, 1000))),
        "image_size": encode(Image.fromarray(noise[:5, :20])),
        "image_aspect": encode(Image.fromarray(noise)),
        "image_colour": encode(Image.new("F", (20, 20)), "TIFF"),
        "image_blank": encode(Image.new("RGB", (30, 30), "green")),
        "text_present": None,
        "row_parses": "!row_parses!it is no JSON",
    }
    found = refused(store, look(list(items.values())))
    expected = {str(number): rule for number, rule in enumerate(items) if rule}
    assert {number: rule for number, (rule, _) in found.items()} == expected
    reasons = {rule: reason for rule, reason in found.values()}
    assert reasons["image_found"] == "a.png is not there"
    assert reasons["image_pixels"].startswith("1,001 × 1,000 pixels, 1,001,000 in all; at most")
    assert reasons["image_bytes"].startswith("1,000,001 bytes; at most 1,000,000 are read")
    assert "one side is 100.0 times the other" in reasons["image_aspect"]
    assert "the mode F" in reasons["image_colour"]


def test_a_sound_image_is_measured_and_kept_once(store: Store, encode: Encode, look: Any) -> None:
    image = encode()
    looked = look([image, image, encode(seed=1)])
    rows = read_table(store, looked.raw.rows).to_pylist()
    assert (rows[0]["width"], rows[0]["height"], rows[0]["format"]) == (10, 12, "PNG")
    assert json.loads(rows[0]["raw"])["width"] == 10
    assert rows[0]["text_digest"] == rows[1]["text_digest"] != rows[2]["text_digest"]
    assert len(rows[0]["text"].split()) > 1
    contents = read_table(store, looked.contents).to_pylist()
    assert [it["text_digest"] for it in contents] == [
        rows[0]["text_digest"],
        rows[2]["text_digest"],
    ]
    assert from_png(contents[0]["content"]).shape == (12, 10, 3)


def test_a_column_of_the_feed_keeps_its_value(
    tmp_path: Path, encode: Encode, limits: ImageLimits
) -> None:
    (tmp_path / "a.png").write_bytes(encode())
    row = raw_row(1, "d") | {"raw": '{"width": "wide", "image": "d"}'}
    row["text"] = sha256(encode()).hexdigest()
    found, content = looked_row(row, {row["text"]: str(tmp_path / "a.png")}, limits, SIDE)
    told = json.loads(found["raw"])
    assert (told["width"], told["height"], found["width"]) == ("wide", 12, 10)
    assert content is not None


def test_a_file_that_has_gone_or_changed_stops_the_run(tmp_path: Path, limits: ImageLimits) -> None:
    with pytest.raises(FeedError, match=r"a.png is gone since it was found; run again"):
        looked_row(raw_row(1, "d"), {"d": str(tmp_path / "a.png")}, limits, SIDE)
    (tmp_path / "a.png").write_bytes(b"other")
    with pytest.raises(FeedError, match=r"a.png changed while it was read; run again"):
        looked_row(raw_row(1, "d"), {"d": str(tmp_path / "a.png")}, limits, SIDE)


def test_rows_of_files_are_named_by_them() -> None:
    row = named_by_file(raw_row(7, "d"))
    assert (row["file"], row["row"]) == ("7.png", 1)

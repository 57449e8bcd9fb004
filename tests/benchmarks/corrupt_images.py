"""Ten thousand corrupted image files: each in quarantine with its rule, and the night goes on.

python tests/benchmarks/corrupt_images.py --files 10000 --out corrupt_images.json

Draws a night of sound images, spoils many times as many in ways that are known, and reads and
checks all of them as a night does. Written is what each way of spoiling led to, the time, and the
peak of memory. Exit code 1 where a spoilt file is accepted, or one is in no place.
"""

import argparse
import io
import json
import resource
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from PIL import Image

from flows.cli.demo.drawn_images import OUTLINES, draw
from tasks.images.feed import IMAGE, Where, find_images
from tasks.images.look import limits_of, look_at_images
from tasks.images.settings import ImageSettings
from tasks.preparing.checks import CheckSettings, judge_raw
from tasks.reading.named_columns import Columns
from tasks.reading.raw_feed import IngestSettings, read_feed
from tasks.reading.sources.settings import SourceSettings
from tasks.store.storage import Store, read_batches
from validation.items.image_rules import image_rules
from validation.tables.columns import FILE, RULE_ID
from validation.usual import UsualNight

Spoil = Callable[[bytes, np.random.Generator], bytes]

START_OF_SCAN: Final = b"\xff\xda"
SCAN_HEAD: Final = 12
"""Bytes before the pixels of a JPEG of three colours."""


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, colour: int, body: bytes, more: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = (
        chunk(b"IHDR", head) + more + chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + parts


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def jpeg_of(content: bytes) -> bytes:
    return encoded(Image.open(io.BytesIO(content)), "JPEG", quality=90)


def gif_with_size(width: int, height: int) -> bytes:
    content = bytearray(encoded(Image.new("P", (9, 9)), "GIF"))
    content[6:10] = struct.pack("<HH", width, height)
    return bytes(content)


def tiff(tags: list[tuple[int, int, int, int]], body: bytes = b"") -> bytes:
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + b"\0\0\0\0" + body


def noise(rng: np.random.Generator, n: int) -> bytes:
    return rng.integers(0, 256, n, dtype=np.uint8).tobytes()


def cut_in_pixels(jpeg: bytes, rng: np.random.Generator) -> bytes:
    """Cut behind the head, which may be half of a small file: cut there, it is of no format."""
    first = jpeg.index(START_OF_SCAN) + len(START_OF_SCAN) + SCAN_HEAD
    return jpeg[: int(rng.integers(first, (first + len(jpeg)) // 2))]


SPOILT: Final[dict[str, tuple[str, Spoil]]] = {
    "empty": ("image_found", lambda _, __: b""),
    "noise": ("image_format", lambda _, rng: noise(rng, int(rng.integers(1, 4000)))),
    "text": ("image_format", lambda _, __: b"<html><body>404 Not Found</body></html>"),
    "postscript": ("image_format", lambda _, __: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    "pdf": ("image_format", lambda _, __: b"%PDF-1.7\n1 0 obj\n"),
    "svg": ("image_format", lambda _, __: b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "cut png": ("image_decodes", lambda it, rng: it[: int(rng.integers(60, len(it) // 2))]),
    "cut jpeg": ("image_decodes", lambda it, rng: cut_in_pixels(jpeg_of(it), rng)),
    "cut head": ("", lambda it, rng: it[: int(rng.integers(1, 33))]),
    "body of noise": ("image_decodes", lambda it, rng: it[:41] + noise(rng, len(it) - 41)),
    "bomb of lines": ("image_pixels", lambda _, __: png(60_000, 60_000, 8, 2, b"\0" * 1000)),
    "bomb that is whole": ("image_pixels", lambda _, rng: png(9_000 + int(rng.integers(99)), 9_000, 1, 0, b"\0" * 1126 * 9_000)),
    "bomb of text": ("image_decodes", lambda _, __: png(9, 9, 8, 0, noise(np.random.default_rng(0), 90), chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * (80 << 20))))),
    "bomb of a gif": ("image_pixels", lambda _, __: gif_with_size(65_535, 65_535)),
    "bomb of a tiff": ("image_pixels", lambda _, __: tiff([(256, 4, 1, 1 << 20), (257, 4, 1, 1 << 20), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 1 << 30)])),
    "tiff of loops": ("", lambda _, rng: tiff([(int(it), 4, 1 << 30, 8) for it in rng.integers(1, 65_535, 40)])),
    "blank": ("image_blank", lambda _, rng: encoded(Image.new("RGB", (40, 40), tuple(rng.integers(0, 256, 3).tolist())), "PNG")),
    "transparent": ("image_blank", lambda _, __: encoded(Image.new("RGBA", (40, 40), (9, 9, 9, 0)), "PNG")),
    "tiny": ("image_size", lambda _, rng: encoded(Image.fromarray(rng.integers(0, 256, (3, 5, 3), dtype=np.uint8)), "PNG")),
    "a line": ("image_aspect", lambda _, rng: encoded(Image.fromarray(rng.integers(0, 256, (9, 900, 3), dtype=np.uint8)), "PNG")),
    "floats": ("image_colour", lambda _, rng: encoded(Image.fromarray(rng.random((20, 20), dtype=np.float32)), "TIFF")),
}  # fmt: skip
"""Way of spoiling → the rule that it breaks, empty where that depends on where; and how it is done."""


def write_feed(folder: Path, n_files: int, n_sound: int) -> dict[str, str]:
    """Write the files; return file → the way in which it is spoilt, empty for a sound one."""
    rng, kinds, ways = np.random.default_rng(0), list(OUTLINES), list(SPOILT)
    folder.mkdir()
    written = {}
    for number in range(n_files + n_sound):
        sound = encoded(draw(kinds[number % len(kinds)], rng), "PNG")
        way = "" if number < n_sound else ways[number % len(ways)]
        name = f"{number:06d}.png"
        (folder / name).write_bytes(SPOILT[way][1](sound, rng) if way else sound)
        written[name] = way
    return written


def measured(store: Store, folder: Path) -> tuple[dict[str, str], int]:
    """Read and check the feed; return file → rule of those refused, and how many rows were read."""
    columns = IngestSettings(columns=Columns(text=IMAGE))
    where = Where(
        feed=str(folder), fixed=str(folder), images=ImageSettings(), ingest=columns,
        sources=SourceSettings(),
    )  # fmt: skip
    feed = find_images(store, where, None)
    looked = look_at_images.fn(store, read_feed(store, feed, columns), feed, where.images)
    limits = CheckSettings(max_refused_share=1.0).raw_limits(store.night, UsualNight())
    read = partial(read_batches, store, looked.raw.rows)
    verdict = judge_raw(read, limits, image_rules(limits_of(where.images)))
    columns_of = (verdict.refused[name].to_pylist() for name in (FILE, RULE_ID))
    rules = dict(zip(*columns_of, strict=True))
    return rules, looked.raw.rows.rows


def main() -> int:
    """Spoil, read, compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--sound", type=int, default=500)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        written = write_feed(folder / "feed", given.files, given.sound)
        before = resource.getrusage(resource.RUSAGE_SELF)
        started = time.process_time()
        rules, n_rows = measured(
            Store(root=folder / "store", feed="f", night=date(2026, 3, 1)), folder / "feed"
        )
        seconds = time.process_time() - started
        after = resource.getrusage(resource.RUSAGE_SELF)
    found = {way: Counter[str]() for way in SPOILT}
    for file, way in written.items():
        if way:
            found[way][rules.get(file, "accepted")] += 1
    wrong = [
        way
        for way, rules_found in found.items()
        if "accepted" in rules_found or (SPOILT[way][0] and set(rules_found) != {SPOILT[way][0]})
    ]
    refused_sound = [file for file, way in written.items() if not way and file in rules]
    told = {
        "files": given.files, "sound": given.sound, "rows": n_rows, "refused": len(rules),
        "refused_sound": refused_sound, "by_way": found, "wrong": wrong,
        "processor_seconds": round(seconds, 1),
        "memory_mb_before": round(before.ru_maxrss / 1024),
        "memory_mb_peak": round(after.ru_maxrss / 1024),
    }  # fmt: skip
    given.out.write_text(json.dumps(told, indent=1), encoding="utf-8")
    print(json.dumps(told, indent=1))
    return int(bool(wrong or refused_sound or n_rows != len(written)))


if __name__ == "__main__":
    sys.exit(main())

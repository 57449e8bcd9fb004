"""Write the bundled sample feed: four nights of invented reviews and support tickets.

    python tests/data/write_sample_feed.py [FEED_FOLDER TRUTH_FILE]

Reads  tests/data/sample_phrases/*.toml
Writes flows/sample/night-N/{reviews.jsonl,tickets.csv}  and  tests/data/sample_truth.json

The same code writes the same bytes. Broken rows, duplicates and dirty texts are planted on
purpose, and the truth file lists each of them.
"""

import json
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

from sample_rows import FILES, MAKE_DIRTY, REVIEWS, RULES, SPOIL, TICKETS, Row, can_be
from sample_texts import Phrasebook

HERE = Path(__file__).parent
NIGHTS = {f"night-{day}": datetime(2026, 3, day, tzinfo=UTC) for day in range(1, 5)}

# Documents per theme on each night: one theme fades out, one is born on the third night.
FADING, BORN = "ice_cream_maker", "heated_blanket_recall"
SIZES = {
    "battery_life": (40, 38, 36, 34),
    "late_parcel": (42, 36, 44, 40),
    "refund_invoice": (30, 32, 30, 34),
    "password_login": (28, 30, 26, 28),
    "headphone_sound": (36, 34, 36, 32),
    "coffee_machine": (34, 32, 34, 30),
    "running_shoes": (32, 34, 30, 32),
    "app_crash": (24, 26, 40, 36),
    "wifi_router": (30, 32, 28, 30),
    "backpack_straps": (26, 28, 24, 26),
    FADING: (36, 26, 5, 0),
    BORN: (0, 0, 26, 40),
}
DIRTY = {"html": 7, "mojibake": 7, "nfkc": 4}  # documents a night

# (night of the first copy, what is repeated, how many)
DUPLICATES = (
    ("same night", "same_row", 2),
    ("same night", "same_text", 4),
    ("earlier night", "same_row", 2),
    ("earlier night", "same_text", 3),
)

# What is wrong with the broken rows of each night; RULES says which check finds it.
BROKEN: dict[str, dict[str, tuple[str, ...]]] = {
    "night-1": {
        REVIEWS: ("cut_line", "empty_text", "reused_id", "far_future", "latin_1_bytes"),
        TICKETS: ("empty_id", "date_in_words", "terminal_codes"),
    },
    "night-2": {
        REVIEWS: ("cut_line", "no_id_key", "impossible_date", "latin_1_bytes"),
        TICKETS: ("extra_field", "empty_text", "reused_id"),
    },
    "night-3": {
        REVIEWS: ("cut_line", "blank_text", "reused_id", "null_characters"),
        TICKETS: ("empty_id", "impossible_date", "far_future", "latin_1_bytes"),
    },
    "night-4": {
        REVIEWS: ("cut_line", "null_id", "date_in_words", "null_characters"),
        TICKETS: ("short_record", "far_future"),
    },
}


@dataclass
class Feed:
    """What goes on from night to night: used ids, texts, and the rows that may be repeated."""

    book: Phrasebook
    last_number: Counter[str] = field(
        default_factory=lambda: Counter({REVIEWS: 10000, TICKETS: 70000})
    )
    past: dict[str, list[Row]] = field(default_factory=dict)  # good rows by night
    taken: set[str] = field(default_factory=set)  # doc_ids that already play a part

    def write_night(self, night: str, rng: Random) -> dict[str, list[Row]]:
        """Write the rows of one night, by file and in their order."""
        good = self._documents(night, rng)
        good = self._planted(night, good, rng)
        self.past[night] = good
        rows = {file: [row for row in good if row.file == file] for file in FILES}
        for where, kind, count in DUPLICATES:
            origins = (
                [night] if where == "same night" else [name for name in self.past if name < night]
            )
            for _ in range(count if origins else 0):
                self._repeat(night, rng.choice(origins), kind, rows, rng)
        for file, forms in BROKEN[night].items():
            for form in forms:
                self._break(night, form, rows[file], rng)
        return rows

    def _documents(self, night: str, rng: Random) -> list[Row]:
        """Write the good rows in the order of their dates."""
        position = list(NIGHTS).index(night)
        themes = [theme for theme, sizes in SIZES.items() for _ in range(sizes[position])]
        moments = sorted(_moment(night, rng) for _ in themes)
        rng.shuffle(themes)
        return [
            self._row(theme, moment, rng) for theme, moment in zip(themes, moments, strict=True)
        ]

    def _row(self, theme: str, moment: datetime, rng: Random, file: str = "") -> Row:
        """Write one document; without a file, the theme decides how likely a review is."""
        share = self.book.themes[theme]["review_share"]
        file = file or (REVIEWS if rng.random() < share else TICKETS)
        mood = self.book.mood(theme, rng)
        text = self.book.text(theme, mood, FILES[file], rng)
        if file == REVIEWS:
            stars = rng.choice({"bad": (1, 1, 2), "mixed": (3,), "good": (4, 5, 5)}[mood])
            extra = {"stars": stars, "product": rng.choice(self.book.themes[theme]["products"])}
        else:
            channel = rng.choice(self.book.common["channel"]["names"])
            extra = {"title": self.book.title(theme, rng), "channel": channel}
        return Row(file, self._new_id(file, rng), text, _date(file, moment, rng), theme, extra)

    def _new_id(self, file: str, rng: Random) -> str:
        """Give the next free id; as in a real feed, some numbers are skipped."""
        self.last_number[file] += rng.choice((1, 1, 1, 2, 3))
        return f"{'R' if file == REVIEWS else 'T'}-{self.last_number[file]}"

    def _planted(self, night: str, rows: list[Row], rng: Random) -> list[Row]:
        """Make some texts dirty, and on the second night one very long."""
        wanted = [kind for kind, count in DIRTY.items() for _ in range(count)]
        changed: dict[str, Row] = {}
        for kind in wanted:
            row = rng.choice([r for r in rows if r.doc_id not in changed and can_be(kind, r.text)])
            dirty, clean = MAKE_DIRTY[kind](row.text)
            changed[row.doc_id] = replace(row, text=dirty, planted=kind, clean_text=clean)
        if night == "night-2":
            routers = [r for r in rows if r.theme == "wifi_router" and r.file == TICKETS]
            row = rng.choice([r for r in routers if r.doc_id not in changed])
            diary = self.book.diary("wifi_router", 150, rng)
            changed[row.doc_id] = replace(row, text=diary, planted="very_long")
        self.taken |= set(changed)
        return [changed.get(row.doc_id, row) for row in rows]

    def _take(self, rows: list[Row], rng: Random) -> Row:
        """Choose a good row that plays no part yet; the fading theme is left to fade."""
        row = rng.choice([r for r in rows if r.doc_id not in self.taken and r.theme != FADING])
        self.taken.add(row.doc_id)
        return row

    def _repeat(
        self, night: str, first_night: str, kind: str, rows: dict[str, list[Row]], rng: Random
    ) -> None:
        """Insert a copy somewhere after its original."""
        origin = self._take(self.past[first_night], rng)
        copy = replace(origin, duplicate_of=origin.doc_id, kind=kind, first_night=first_night)
        if kind == "same_text":
            date = _date(origin.file, _moment(night, rng), rng)
            copy = replace(copy, doc_id=self._new_id(origin.file, rng), date=date)
        _insert(copy, rows[origin.file], origin, rng)

    def _break(self, night: str, form: str, rows: list[Row], rng: Random) -> None:
        """Insert a row that one check must refuse."""
        theme = rng.choice([name for name in SIZES if name not in (FADING, BORN)])
        row = replace(self._row(theme, _moment(night, rng), rng, rows[0].file), form=form)
        if form == "reused_id":
            origin = self._take([r for r in rows if not r.form and not r.duplicate_of], rng)
            _insert(replace(row, doc_id=origin.doc_id), rows, origin, rng)
        else:
            spoiled = SPOIL[form](row) if form in SPOIL else row
            _insert(spoiled, rows, None, rng)


def _insert(row: Row, rows: list[Row], after: Row | None, rng: Random) -> None:
    """Put a row at a random place, after another one if that stands in the same list."""
    first = rows.index(after) + 1 if after in rows else 0
    rows.insert(rng.randrange(first, len(rows) + 1), row)


def _moment(night: str, rng: Random) -> datetime:
    """Choose a moment of the day before the night."""
    return NIGHTS[night] - timedelta(milliseconds=rng.randrange(1, 24 * 3600 * 1000))


def _date(file: str, moment: datetime, rng: Random) -> str:
    """Write a moment: reviews in many time zones, tickets in UTC without saying so."""
    if file == TICKETS:
        return moment.strftime("%Y-%m-%d %H:%M:%S")
    zone = timezone(timedelta(minutes=rng.choice((0, 0, 60, 60, 120, -300, -480, 330, 540))))
    precision = rng.choice(("seconds", "seconds", "seconds", "milliseconds"))
    date = moment.astimezone(zone).isoformat(timespec=precision)
    return date.replace("+00:00", "Z") if rng.random() < 0.6 else date


def truth_of(night: str, rows: dict[str, list[Row]]) -> dict[str, Any]:
    """List what a run over one night must find."""
    numbered = [(file, at, row) for file in FILES for at, row in enumerate(rows[file], 1)]
    broken = [
        {
            "file": file,
            "row": at,
            "rule_id": RULES[row.form],
            "form": row.form,
            "doc_id": row.doc_id or None,
        }
        for file, at, row in numbered
        if row.form
    ]
    duplicates = [
        {
            "file": file,
            "row": at,
            "doc_id": row.doc_id,
            "duplicate_of": row.duplicate_of,
            "kind": row.kind,
            "first_night": row.first_night,
        }
        for file, at, row in numbered
        if row.duplicate_of
    ]
    counts = {"read": len(numbered), "good": len(numbered) - len(broken) - len(duplicates)}
    planted: dict[str, dict[str, str | int]] = {kind: {} for kind in (*DIRTY, "very_long")}
    for _, _, row in numbered:
        if row.planted:
            planted[row.planted][row.doc_id] = row.clean_text or len(row.text)
    return {
        "run_date": NIGHTS[night].date().isoformat(),
        "counts": counts | {"duplicates": len(duplicates), "broken": len(broken)},
        "rows": {file: len(rows[file]) for file in FILES},
        "broken": broken,
        "duplicates": duplicates,
        "planted": planted,
        "themes": {row.doc_id: row.theme for _, _, row in numbered if not row.form},
    }


def main(feed_folder: Path, truth_file: Path) -> None:
    """Write the four nights and the truth about them."""
    feed = Feed(Phrasebook.read(HERE / "sample_phrases"))
    truth = {}
    for night in NIGHTS:
        rows = feed.write_night(night, Random(f"sample feed, {night}"))
        truth[night] = truth_of(night, rows)
        (feed_folder / night).mkdir(parents=True, exist_ok=True)
        header = {REVIEWS: b"", TICKETS: b"id,title,body,date,channel\n"}
        for file in FILES:
            content = header[file] + b"".join(row.encoded() for row in rows[file])
            (feed_folder / night / file).write_bytes(content)
    truth_file.write_bytes(json.dumps(truth, indent=1, ensure_ascii=False).encode() + b"\n")


if __name__ == "__main__":
    repository = HERE.parents[1]
    outputs = [Path(argument) for argument in sys.argv[1:]]
    main(*(outputs or (repository / "flows" / "sample", HERE / "sample_truth.json")))

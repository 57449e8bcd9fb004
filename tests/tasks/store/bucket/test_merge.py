import pytest

from tasks.store.bucket.merge import merge
from tasks.store.bucket.objects import Listed
from tasks.store.bucket.record import Known

NAME = "runs/feed=reviews/night=2026-03-02/manifest.json"
OTHER = "runs/feed=reviews/night=2026-03-01/manifest.json"
PRUNED = "runs/feed=reviews/pruned.json"


def merged(here: str | None, known: str | None, there: str | None) -> tuple[str, ...]:
    """What is done with a file that has these contents; the ETag is the content in capitals."""
    found = merge(
        {NAME: here} if here else {},
        {NAME: Known(known.upper(), known)} if known else {},
        {NAME: Listed(there.upper(), 1)} if there else {},
    )
    return tuple(it for it in ("fetched", "removed", "contested") if NAME in getattr(found, it))


@pytest.mark.parametrize(
    ("here", "known", "there", "deed"),
    [
        ("a", "a", "a", ()),
        (None, None, "a", ("fetched",)),
        (None, "a", "a", ("fetched",)),
        ("a", "a", "b", ("fetched",)),
        ("a", "a", None, ("removed",)),
        ("b", "a", "a", ()),  # newer here: it is sent
        ("a", None, None, ()),  # new here
        ("b", "a", "c", ("contested",)),
        ("b", None, "a", ("contested",)),
        ("b", "a", None, ("contested",)),
        (None, "a", None, ()),
    ],
)
def test_the_side_that_has_changed_wins(
    here: str | None, known: str | None, there: str | None, deed: tuple[str, ...]
) -> None:
    assert merged(here, known, there) == deed


@pytest.mark.parametrize(
    ("record", "there", "is_stale"),
    [
        ({OTHER: Known("A", "a")}, {OTHER: Listed("A", 1)}, False),
        ({OTHER: Known("A", "a")}, {OTHER: Listed("B", 1)}, True),
        ({}, {OTHER: Listed("A", 1)}, True),
        ({OTHER: Known("A", "a")}, {}, True),
        ({}, {OTHER.replace("reviews", "mail"): Listed("A", 1)}, False),
        ({}, {PRUNED: Listed("A", 1)}, True),
        ({PRUNED: Known("A", "a")}, {PRUNED: Listed("A", 1)}, False),
        ({PRUNED: Known("A", "a")}, {}, True),
    ],
)
def test_a_night_that_was_never_sent_counts_on_its_own_history_alone(
    record: dict[str, Known], there: dict[str, Listed], is_stale: bool
) -> None:
    here = {NAME: "n"} | ({OTHER: "a"} if OTHER in record else {})
    assert (NAME in merge(here, record, there).contested) == is_stale


def test_a_night_that_was_sent_before_is_no_guess_on_a_history() -> None:
    record, there = {NAME: Known("A", "a")}, {NAME: Listed("A", 1), OTHER: Listed("B", 1)}
    assert not merge({NAME: "newer"}, record, there).contested


@pytest.mark.parametrize(
    ("sent", "there", "is_contested"),
    [
        ("m", "M", True),  # another machine has made the report anew
        ("old", "OLD", False),  # its night is about to be sent
        ("old", "OTHER", True),  # its night goes to the trash, and so does what is told of it
    ],
)
def test_a_report_goes_where_its_night_goes(sent: str, there: str, is_contested: bool) -> None:
    report = NAME.replace("runs", "reports").replace("manifest.json", "summary.md")
    found = merge(
        {NAME: "m", report: "here"},
        {NAME: Known(sent.upper(), sent), report: Known("R", "r")},
        {NAME: Listed(there, 1), report: Listed("S", 1)},
    )
    assert (report in found.contested) == is_contested

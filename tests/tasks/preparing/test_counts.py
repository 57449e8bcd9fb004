import pytest

from tasks.preparing.counts import PLACES, Counts, rows_said

COUNTS = Counts(
    read=1_010, accepted=1_000, duplicate=4, quarantined=3, withdrawn=2, without_text=1, late=2
)


def test_rows_that_are_all_in_one_place_balance() -> None:
    COUNTS.require_balance()


@pytest.mark.parametrize("name", ["read", *PLACES])
def test_a_row_in_no_place_or_in_two_is_a_bug(name: str) -> None:
    wrong = COUNTS.model_copy(update={name: getattr(COUNTS, name) + 1})
    with pytest.raises(RuntimeError, match=f"rows are not conserved: .*{name}=.* bug in nightfold"):
        wrong.require_balance()


def test_late_documents_are_among_the_others() -> None:
    COUNTS.model_copy(update={"late": 900}).require_balance()


def test_the_log_lists_every_number() -> None:
    assert COUNTS.listed() == (
        "1,010 read, 1,000 accepted, 4 duplicate, 3 quarantined, 2 withdrawn, 1 without text, 2 late,"
        " 0 replaced"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "read 1,010 = accepted 1,000 + duplicate 4 + quarantined 3 + withdrawn 2 + without text 1; 2 late documents"),
        ({"late": 1}, "read 1,010 = accepted 1,000 + duplicate 4 + quarantined 3 + withdrawn 2 + without text 1; 1 late document"),
        ({"late": 0}, "read 1,010 = accepted 1,000 + duplicate 4 + quarantined 3 + withdrawn 2 + without text 1"),
        ({"late": 0, "withdrawn": 0}, "read 1,010 = accepted 1,000 + duplicate 4 + quarantined 3 + without text 1"),
        ({"late": 0, "withdrawn": 0, "without_text": 0, "replaced": 0}, "read 1,010 = accepted 1,000 + duplicate 4 + quarantined 3"),
        ({"late": 0, "withdrawn": 0, "replaced": 0, "cut": 1}, "read 1,010 = accepted 1,000 + duplicate 4 + quarantined 3 + without text 1; 1 mail cut before embedding"),
        ({"late": 0, "withdrawn": 0, "cut": 0}, "read 1,010 = accepted 1,000 + duplicate 4 + quarantined 3 + without text 1"),
    ],
)  # fmt: skip
def test_rows_are_said_as_a_sum_without_what_is_rare(change: dict[str, int], said: str) -> None:
    assert rows_said(COUNTS.model_dump() | change) == said


def test_a_night_without_rows_had_nothing_new() -> None:
    counts = Counts(read=0, accepted=0, duplicate=0, quarantined=0)
    assert rows_said(counts.model_dump()) == "nothing new: no row was read"

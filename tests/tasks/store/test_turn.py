from datetime import date

import pytest

from tasks.store.files import write_atomically
from tasks.store.storage import Store
from tasks.store.turn import NightOutOfTurnError, turn_of


def place(store: Store, night: int, published: tuple[int, ...]) -> Store:
    for day in published:
        write_atomically(store.manifest_path(date(2026, 3, day)), b"{}")
    return store.model_copy(update={"night": date(2026, 3, night)})


@pytest.mark.parametrize("published", [(), (4,), (3, 4), (4, 5)])
def test_a_night_in_its_turn_is_nothing_to_speak_of(
    store: Store, published: tuple[int, ...]
) -> None:
    assert turn_of(place(store, 5, published), is_said=False) == []


@pytest.mark.parametrize(
    ("night", "said"),
    [(4, "1 night is missing after 2026-03-02"), (9, "6 nights are missing after 2026-03-02")],
)
def test_missing_nights_are_counted(store: Store, night: int, said: str) -> None:
    (line,) = turn_of(place(store, night, (1, 2)), is_said=False)
    assert line.startswith(said)
    assert "`nightfold backfill` runs" in line


@pytest.mark.parametrize("night", [3, 5])
def test_a_clock_that_was_set_back_publishes_nothing(store: Store, night: int) -> None:
    tonight = place(store, night, (3, 7))
    with pytest.raises(
        NightOutOfTurnError, match=rf"it is {tonight.night} by .*2026-03-07 .*--night"
    ):
        turn_of(tonight, is_said=False)


def test_a_night_of_the_past_that_was_asked_for_runs_and_says_so(store: Store) -> None:
    missing, later = turn_of(place(store, 5, (3, 7, 8)), is_said=True)
    assert missing.startswith("1 night is missing after 2026-03-03")
    assert later.startswith("2 later nights are published, up to 2026-03-08: they stay")

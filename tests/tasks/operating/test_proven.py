"""Settings that rows prove: the encoding only where they are refused for it, the order of dates."""

from types import SimpleNamespace
from typing import Any

from tasks.operating.date_order import DateOrder
from tasks.operating.proven import foreign_encoding, proven_encoding, proven_order


def found(rule_id: str, *examples: str) -> Any:
    failures = [(SimpleNamespace(rule_id=rule_id), list(examples))]
    return SimpleNamespace(failures=lambda: iter(failures))


def test_an_encoding_is_looked_for_where_rows_are_refused_for_their_bytes() -> None:
    proven = proven_encoding(found("text_decodes", "a.csv row 3: byte 0xe4 is no utf-8"))
    assert proven is not None
    assert (proven.key, proven.value) == ("encoding", "detect")
    assert proven.why.startswith("a.csv row 3: byte 0xe4 is no utf-8; encoding = ")
    assert proven_encoding(found("text_present", "a.csv row 3: the text is missing")) is None


def test_what_a_message_says_to_do_is_done_and_not_said() -> None:
    assert "repair" not in foreign_encoding("a.csv is no utf-8; set `encoding`, or repair it").why


def test_an_order_of_dates_is_set_where_they_prove_it() -> None:
    order = DateOrder()
    assert proven_order(order) is None
    order.note("13/04/2024", "a.csv row 1")
    proven = proven_order(order)
    assert proven is not None
    assert (proven.key, proven.value) == ("day_first", True)
    assert "'13/04/2024' (a.csv row 1)" in proven.why

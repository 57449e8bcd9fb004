import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.boundary.inert import inert, label_of

NAMES = st.text(st.sampled_from("a\\x1b[u20e\x1b\n\u202e\udce9é"), max_size=12)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("reviews (1).jsonl", "reviews (1).jsonl"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\nERROR b", r"a\nERROR b"),
        ("a\r\t\x00\x7f\x85", r"a\r\t\x00\x7f\x85"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("\u2028\u2029\ufeff", r"\u2028\u2029\ufeff"),
        ("caf\udce9", r"caf\xe9"),
        ("half \ud83d", r"half \ud83d"),
        ("資料　1 \u00a0é", "資料　1 \u00a0é"),
        ("👩\u200d👩 نامه\u200cها", "👩\u200d👩 نامه\u200cها"),
        (r"C:\new", r"C:\new"),
    ],
)
def test_what_could_steer_is_escaped_and_the_rest_stays(text: str, shown: str) -> None:
    assert inert(text) == shown
    assert inert(shown) == shown


def test_line_feeds_stay_where_they_are_wanted() -> None:
    assert inert("a\n\x1bb", kept="\n") == "a\n\\x1bb"


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_no_control_character_is_left(text: str) -> None:
    kinds = {unicodedata.category(it) for it in inert(text) if it not in "\u200c\u200d"}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    label_of(text).encode()


@given(NAMES, NAMES)
def test_two_names_have_two_labels(one: str, other: str) -> None:
    assert (label_of(one) == label_of(other)) == (one == other or bytes_of(one) == bytes_of(other))


def bytes_of(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")

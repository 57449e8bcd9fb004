"""Passages lie in their texts in order, lose nothing but white space, and are neither long nor short."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.text.passages import LONG, MAX_PASSAGES, MOST, SHORT, passages, weight

SENTENCES = "The food was cold. Nobody came to our table! Prices are fine, though."
ANY = st.text(
    st.sampled_from(
        "abcdefgh   ,.;:!?…—-•*()\n'\"5,/。，！？服务态度好饭菜😀éß\u3000\u00a0ไทยहिन्दी।"
    ),
    max_size=300,
)


def cut(text: str, language: str = "en") -> list[str]:
    return [text[start:end] for start, end in passages(text, language)]


@settings(max_examples=300, deadline=None)
@given(ANY, st.sampled_from(["en", "de", "zh", "fr", "no-such-language"]))
def test_passages_are_in_order_and_hold_all_but_white_space(text: str, language: str) -> None:
    spans = passages(text, language)
    ends = [0, *(end for _, end in spans)]
    assert all(end <= start < own for end, (start, own) in zip(ends, spans, strict=False))
    left = list(text)
    for start, end in spans:
        assert text[start:end] == text[start:end].strip()
        left[start:end] = " " * (end - start)
    assert not "".join(left).strip()


@settings(max_examples=100, deadline=None)
@given(ANY)
def test_no_passage_is_short_beside_another_one(text: str) -> None:
    found = cut(text)
    assert len(found) == 1 or all(weight(it) >= SHORT for it in found) or not found


def test_sentences_are_passages() -> None:
    assert cut(SENTENCES) == [
        "The food was cold.",
        "Nobody came to our table!",
        "Prices are fine, though.",
    ]


def test_short_pieces_stay_with_a_neighbour() -> None:
    assert cut("Yes. The room was clean and quiet. 5/5") == [
        "Yes. The room was clean and quiet. 5/5"
    ]
    assert cut("Good.") == ["Good."]
    assert cut("5/5") == ["5/5"]
    assert cut("") == []


def test_a_long_sentence_is_cut_where_it_pauses() -> None:
    long = (
        "the waiter who brought us the menu was friendly enough, but the fish that we had ordered"
        " an hour before was cold and dry"
    )
    assert weight(long) > LONG
    assert cut(long) == [
        "the waiter who brought us the menu was friendly enough,",
        "but the fish that we had ordered an hour before was cold and dry",
    ]
    assert cut("friendly waiter, cold fish") == ["friendly waiter, cold fish"]


def test_a_comma_within_a_number_is_no_pause() -> None:
    text = (
        "we paid more than 1,250 dollars for a room without any window facing the inner courtyard"
    )
    assert cut(text) == [text]


@pytest.mark.parametrize(
    ("language", "text", "n_passages"),
    [
        ("zh", "这家店的菜很好吃。服务员的态度也不错！就是价格有点贵。", 3),
        ("vi", "Quán ăn rất ngon. Giá cả hợp lý! Nhân viên thân thiện.", 3),
        ("id", "Kamarnya bersih sekali. Tapi air panas mati.", 2),
        ("fr", "Le repas était froid. Le service était trop lent !", 2),
        ("nl", "Het eten was koud. De bediening was traag.", 2),
        ("de", "Am 3. Mai kam z.B. kein Zug. Niemand sagte uns etwas dazu.", 2),
    ],
)
def test_sentences_of_many_languages(language: str, text: str, n_passages: int) -> None:
    assert len(cut(text, language)) == n_passages


def test_signs_that_stand_for_words_weigh_as_words() -> None:
    assert weight("two words, 3 numbers") == len("twowordsnumbers")
    assert weight("größe") == 5
    assert weight("好吃") == 2 * 4


def test_lines_and_bullets_are_passages() -> None:
    assert len(cut("battery lasts a week\nscreen is far too dark")) == 2
    listed = (
        "What I miss most - a search in the settings - a darker background at night - the old icons"
        " on the home screen"
    )
    assert len(cut(listed)) == 4


def test_an_endless_sentence_is_bounded() -> None:
    for text in ("word " * 1_000, "x" * 5_000, "好" * 3_000):
        found = cut(text)
        assert max(map(weight, found)) <= MOST
        assert "".join("".join(found).split()) == "".join(text.split())


def test_a_text_of_many_sentences_is_cut_more_coarsely() -> None:
    text = " ".join(f"This is sentence number {number} of the talk." for number in range(1_000))
    assert MAX_PASSAGES / 2 < len(cut(text)) <= MAX_PASSAGES

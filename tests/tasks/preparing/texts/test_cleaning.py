import hashlib
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.preparing.texts import cleaning
from tasks.preparing.texts.cleaning import (
    clean_beginning,
    clean_text,
    cut_text,
    embedded_text,
    text_digest,
)
from tests.proportion import assert_in_proportion

MARKUP_AND_DIRT = st.text("<>&;/=!-abpiltx \n\x00\x0c\x1b[m\u00a0\u200bＡ＆；é\u00c3\u00a9ﬁ😀")
WORDS = st.lists(st.text("abcxyzéß,.!?", min_size=1, max_size=8), max_size=12).map(" ".join)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("<p>Good.</p><p>Very good.</p>", "Good. Very good."),
        ("<div class='x'><p>one<br>two<br/>three</p></div>", "one two three"),
        ("<ul><li>one</li><li>two</li></ul>", "one two"),
        ("Hello <b>world</b>!", "Hello world!"),
        ("un<i>believ</i>able, H<sub>2</sub>O", "unbelievable, H2O"),
        ("<P CLASS=x>Loud</P>", "Loud"),
        ('see <a href="https://x.y/?a=1&amp;b=2">this</a>.', "see this."),
        ("<p>fish &amp; chips &lt;3</p>", "fish & chips <3"),
        ("before <!-- a comment --> after", "before after"),
        ("<script>alert(1)</script><style>p{}</style><p>text</p>", "text"),
        ("<html><head><title>T</title></head><body>B</body></html>", "B"),
        ("a < b <br> c > d", "a < b c > d"),
        ("<p></p>", ""),
    ],
)
def test_markup_is_taken_off(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "a List<String> and a Map<K, V>",
        "wrap it in a <div> or a <span>",
        "a < b and c > d",
        "if a<b then c>d",
        "x <- y, then y -> x",
        "I <3 this",
        "<no reply>",
        "mail me <anna@example.org>",
        "5 > 3 && 3 < 5",
    ],
)
def test_angle_brackets_in_prose_are_left_alone(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("cafÃ© â€“ sehr gut", "café – sehr gut"),
        ("itâ€™s fine", "it’s fine"),
        ("Ｆｕｌｌ ｗｉｄｔｈ", "Full width"),
        ("ﬁne, ½ price, 5 ㎏", "fine, 1⁄2 price, 5 kg"),
        ("e\u0301", "é"),
        ("fish &amp; chips, caf&eacute;", "fish & chips, café"),
        ("“curly” stays curly", "“curly” stays curly"),
        ("a\u00a0b\tc\r\n\n d", "a b c d"),
        ("page one\x0cpage two", "page one page two"),
        ("bell\x07 and \x1b[31mred\x1b[0m", "bell and red"),
        ("\ufeffmarked", "marked"),
        ("   ", ""),
    ],
)
def test_characters_and_white_space_are_normalised(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@pytest.mark.parametrize("text", ["<p>&#8203;</p>", "&shy;", "\u200b \u2060", "<p>\x00</p>"])
def test_a_text_without_a_visible_character_comes_out_empty(text: str) -> None:
    assert clean_text(text) == ""


def test_format_characters_between_visible_ones_are_kept() -> None:
    assert clean_text("👩\u200d🔬 می\u200cخواهم") == "👩\u200d🔬 می\u200cخواهم"


@given(st.text() | MARKUP_AND_DIRT)
@settings(deadline=None)
def test_no_control_character_and_no_loose_white_space_is_left(text: str) -> None:
    clean = clean_text(text)
    assert all(unicodedata.category(mark) != "Cc" for mark in clean)
    assert clean == " ".join(clean.split())


@given(WORDS)
@settings(deadline=None)
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert clean_text(text) == text
    assert clean_text(f"<div><p>{text}</p></div>") == text


ASCII = st.text(st.characters(max_codepoint=127)) | st.lists(
    st.sampled_from(
        ["a", "B", "9", " ", "\n", "\t", "&", "&amp;", "<b>", "<br>", "</p>", "\\x1b[1m", "~"]
    )
).map("".join)


@given(ASCII)
@settings(max_examples=300)
def test_a_text_with_nothing_to_repair_comes_out_as_after_all_repairs(text: str) -> None:
    quick = clean_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cleaning, "_NOTHING_TO_REPAIR", re.compile("(?!)"))
        assert clean_text(text) == quick


@pytest.mark.parametrize(
    "text",
    ["<p>fish &amp; chips</p>", "cafÃ©", "a\x0c b", "Ｆｕｌｌ", "List<String>", "a < b<br>c"],
)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)


@given(text=st.text(st.sampled_from("ab é😀\n\t")) | st.text(), max_chars=st.integers(1, 30))
@settings(deadline=None)
def test_a_cut_text_is_a_beginning_within_the_limit_and_flagged(text: str, max_chars: int) -> None:
    cut, is_truncated = cut_text(text, max_chars)
    assert text.startswith(cut)
    assert len(cut) <= max_chars
    assert is_truncated == (len(text) > max_chars)
    if not is_truncated:
        assert cut == text


def test_a_text_is_cut_between_words_where_it_has_any() -> None:
    assert cut_text("one two three", 9) == ("one two", True)
    assert cut_text("one two three", 7) == ("one two", True)
    assert cut_text("one two three", 8) == ("one two", True)
    assert cut_text("abcde fghijklm", 10) == ("abcde", True)
    assert cut_text("abcd fghijklmn", 10) == ("abcd fghij", True)
    assert cut_text("x " + "y" * 20, 10) == ("x yyyyyyyy", True)
    assert cut_text("z" * 20, 10) == ("z" * 10, True)


def test_the_digest_is_of_title_and_text() -> None:
    assert embedded_text("T", "x") == "T\nx"
    assert embedded_text(None, "x") == embedded_text("", "x") == "x"
    assert text_digest("T", "é") == hashlib.sha256(b"T\n\xc3\xa9").hexdigest()
    assert text_digest(None, "x") == text_digest("", "x")
    assert text_digest(None, "x") != text_digest("T", "x")


TAGGED = st.lists(
    st.sampled_from(
        [
            *("word ", "<b>bold</b> ", "<p>", "</p>\n", "<br>", "<a href='x y'>", "</a>", "\n\n"),
            *("caf&eacute; ", "cafÃ© ", "é\u0301 ", "<!-- not shown -->"),
            "<script>if (a<b) c()</script>",
        ]
    ),
    max_size=400,
)


@given(parts=TAGGED, max_chars=st.integers(1, 60))
@settings(deadline=None, max_examples=200)
def test_a_beginning_is_what_cleaning_the_whole_text_gives(
    parts: list[str], max_chars: int
) -> None:
    text = "".join(parts)
    whole, is_cut = cut_text(clean_text(text), max_chars)
    kept, kept_is_cut = clean_beginning(text, max_chars)
    assert (kept, kept_is_cut) == (whole, is_cut)


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_text_behind_a_long_tag_is_found(quote: str) -> None:
    text = f"<img src={quote}data:{'x' * 5_000}{quote}><p>the text</p>"
    assert clean_beginning(text, 100) == ("the text", False)


def test_a_text_behind_much_mark_up_is_found() -> None:
    text = "<p>" + "<i></i><br>" * 20_000 + "the text</p>"
    assert clean_beginning(text, 100) == ("the text", False)


@pytest.mark.parametrize("name", ["script", "style"])
def test_what_is_not_shown_is_not_shown_whatever_the_number_of_tags(name: str) -> None:
    hidden = f"<{name}>" + "x <p> y " * 900 + f"</{name}>"
    text = "<div>" + "<p>one</p>" * 500 + hidden + "<p>two</p>" * 2_000 + "</div>"
    assert clean_text(text) == " ".join(["one"] * 500 + ["two"] * 2_000)


def test_words_are_whole_where_mark_up_is_cut_in_pieces() -> None:
    assert clean_text("<p>un<i>believ</i>able</p>" * 3_000) == " ".join(["unbelievable"] * 3_000)


def test_runs_of_combining_marks_are_limited() -> None:
    assert clean_text("e" + "\u0301" * 1_000) == "é" + "\u0301" * 29
    thirty = "a" + "\u0316\u0301" * 15
    assert unicodedata.normalize("NFD", clean_text(thirty)) == unicodedata.normalize("NFD", thirty)


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "\u0345\u0300",
            "\uff9e\u3099",
            "\u0f73\u0f75",
            "&#768;&#837;",
            "<br><b>",
            "<br><nobr><b>",
        ),
        *(
            "<br><b></a>",
            "<!--><b>",
            "<br><div>",
            "<svg><style><b>",
            "<br><font a>",
            "\n",
            "\na",
            "<",
        ),
    ],
)
def test_cleaning_takes_time_in_proportion(unit: str) -> None:
    assert_in_proportion(lambda n_chars: clean_text((unit * n_chars)[:n_chars]), 20_000)


def test_a_tag_of_many_attributes_takes_time_in_proportion() -> None:
    def clean(n_attributes: int) -> None:
        text = "<p>" + "<a " + " ".join(f'a{n}="{n}>"' for n in range(n_attributes)) + ">x</a></p>"
        assert clean_text(text) == "x"

    assert_in_proportion(clean, 2_000)

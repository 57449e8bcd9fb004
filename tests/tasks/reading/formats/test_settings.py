import pytest

from tasks.reading.formats.settings import FileSettings


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"delimiter": "::"}, "must be one character or empty, got '::'"),
        ({"quote": "\n"}, "must be one character or empty"),
        ({"escape": '"'}, "must be three different characters, got '', '\"' and '\"'"),
        ({"encoding_errors": "ignore"}, "'refuse' or 'replace'"),
        ({"encoding": "utf-9"}, "a text encoding that Python knows, got 'utf-9'"),
    ],
)
def test_what_no_file_can_have_is_refused(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        FileSettings.model_validate(given)


def test_encodings_are_spelled_in_one_way() -> None:
    assert FileSettings(encoding="Latin1").encoding == "iso8859-1"
    assert FileSettings(encoding="detect").encoding == "detect"

import io
import logging

import pytest

from tasks.reading.formats import encodings
from tasks.reading.formats.encodings import text_lines
from tasks.reading.formats.lines import Line
from tasks.reading.formats.rows import FileLog, UnfitFileError
from tasks.reading.formats.settings import FileSettings

TEXTS = {
    "cp1252": "Die Tür schließt nicht, und für 5 € gibt es größere Kühlschränke.\n",
    "cp1251": "Посылка пришла с опозданием на две недели, коробка была помята.\n",
    "cp932": "この掃除機は吸い込む力が弱く、すぐに止まってしまう。色はきれいですが、写真と違います。\n",
}


def read(content: bytes, **settings: str) -> list[Line]:
    log = FileLog(logging.getLogger("tasks.reading"), "a 100% file")
    return list(text_lines(io.BytesIO(content), FileSettings.model_validate(settings), log))


def text(lines: list[Line]) -> str:
    return "".join(line.text for line in lines)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("declared", ["utf-8", "iso8859-1", "detect"])
def test_a_byte_order_mark_counts_more_than_the_config(
    encoding: str, declared: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        lines = read("größer\n汉字\n".encode(encoding), encoding=declared)
    assert text(lines) == "größer\n汉字\n"
    name = encoding.removesuffix("-sig")
    is_news = not declared.startswith(name)
    told = f"a 100% file is read as {name}, which its byte order mark says"
    assert (told in caplog.text) == is_news


@pytest.mark.parametrize("encoding", list(TEXTS))
def test_an_old_encoding_is_detected_and_said_aloud(
    encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    content = "id,text\n" + TEXTS[encoding] * 9
    assert text(read(content.encode(encoding), encoding="detect")) == content
    shown = TEXTS[encoding].strip()
    assert f"told by its bytes; set `encoding` if a line is wrong so: {shown}" in caplog.text
    assert caplog.records[0].levelname == "WARNING"


def test_utf8_with_some_broken_bytes_is_no_old_encoding() -> None:
    lines = read("größer\n".encode() * 5 + b"gr\xf6\xdfer\n" * 4, encoding="detect")
    assert [line.rule for line in lines] == [None] * 5 + ["text_decodes"] * 4


def test_letters_that_come_late_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    content = "plain\n" * 400_000 + TEXTS["cp1252"] * 9
    assert text(read(content.encode("cp1252"), encoding="detect")) == content
    monkeypatch.setattr(encodings, "_SEARCHED_BYTES", 1)
    assert read(content.encode("cp1252"), encoding="detect")[-1].rule == "text_decodes"


def test_bytes_of_no_encoding_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnfitFileError, match="that its bytes do not tell; set `encoding`"):
        read(bytes(range(128, 256)) * 20, encoding="detect")


def test_bytes_are_replaced_where_that_is_wanted_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines = read(b"a\xff\nb\n\xfe\n", encoding_errors="replace")
    assert [line.text for line in lines] == ["a\ufffd\n", "b\n", "\ufffd\n"]
    assert [line.rule for line in lines] == [None] * 3
    assert "has 2 lines in which bytes that are no utf-8 were replaced" in caplog.text


def test_a_wide_file_that_is_cut_can_be_read_with_replacement() -> None:
    content = "id\nx".encode("utf-16")[:-1]
    with pytest.raises(UnfitFileError, match=r"is not encoded as utf-16: .*set `encoding`"):
        read(content)
    assert text(read(content, encoding_errors="replace")) == "id\n\ufffd"

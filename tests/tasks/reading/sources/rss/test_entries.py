"""Documents of RSS and Atom as rows: ids, dates, texts, encodings, and what is no feed."""

from itertools import pairwise
from typing import Any

import pytest

from tasks.reading.sources.errors import FeedError
from tasks.reading.sources.rss.addresses import address_of
from tasks.reading.sources.rss.entries import Entries, entries_of

HERE = address_of("https://kettles.example/blog/feed.xml?page=1")


def read(text: str | bytes, charset: str | None = None) -> Entries:
    return entries_of(text if isinstance(text, bytes) else text.encode(), charset, HERE)


def rss(items: str, head: str = "") -> str:
    return f'{head}<rss version="2.0"><channel><title>Kettles</title>{items}</channel></rss>'


def item(body: str) -> dict[str, Any]:
    entries = read(rss(f"<item>{body}</item>"))
    assert not entries.flaw
    return entries.rows[0]


def test_an_entry_of_atom_is_a_row() -> None:
    entries = read(
        """<feed xmlns="http://www.w3.org/2005/Atom"><title>Kettles</title><entry>
        <id>tag:kettles.example,2026:1</id><title>It leaks</title><link href="/1.html"/>
        <author><name>Ada</name></author><summary>short</summary>
        <content type="html">&lt;p&gt;The lid &lt;b&gt;sticks&lt;/b&gt;&lt;/p&gt;</content>
        <updated>2026-03-02T10:00:00Z</updated><published>2026-03-01T23:30:00-05:00</published>
        </entry></feed>"""
    )
    assert entries.rows == [
        {
            "id": "tag:kettles.example,2026:1",
            "text": "<p>The lid <b>sticks</b></p>",
            "title": "It leaks",
            "date": "2026-03-02T04:30:00+00:00",
            "link": "https://kettles.example/1.html",
            "author": "Ada",
            "feed": "Kettles",
        }
    ]


@pytest.mark.parametrize(
    ("body", "doc_id"),
    [
        ("<guid>https://kettles.example/1</guid>", "https://kettles.example/1"),
        ("<guid isPermaLink='false'>urn:uuid:1</guid>", "urn:uuid:1"),
        # Every site has a first entry.
        ("<guid isPermaLink='false'>1</guid>", "kettles.example/blog/feed.xml#1"),
        ("<guid isPermaLink='false'>1</guid><link>https://a.example/1</link>", "kettles.example/blog/feed.xml#1"),
        ("<link>https://kettles.example/1</link>", "https://kettles.example/1"),
        ("<title>none</title>", None),
    ],
)  # fmt: skip
def test_an_id_is_the_guid_else_the_link(body: str, doc_id: str | None) -> None:
    assert item(body)["id"] == doc_id


@pytest.mark.parametrize(
    ("body", "date"),
    [
        ("<pubDate>Sun, 01 Mar 2026 23:30:00 -0500</pubDate>", "2026-03-02T04:30:00+00:00"),
        (
            "<dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>2026-03-01</dc:date>",
            "2026-03-01T00:00:00+00:00",
        ),
        ("<pubDate>some day</pubDate>", "some day"),
        ("<title>none</title>", None),
    ],
)
def test_a_date_is_iso_or_as_it_came(body: str, date: str | None) -> None:
    assert item(body)["date"] == date


def test_a_text_is_the_content_else_the_summary() -> None:
    whole = "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'>whole</content:encoded>"
    assert item(f"<description>short</description>{whole}")["text"] == "whole"
    assert item("<description>short</description>")["text"] == "short"
    assert item("<title>none</title>")["text"] is None


@pytest.mark.parametrize(
    ("encoding", "head", "charset"),
    [
        ("utf-8", "", None),
        ("utf-8", '<?xml version="1.0"?>', "utf-8"),
        ("latin-1", '<?xml version="1.0" encoding="iso-8859-1"?>', None),
        ("latin-1", "", "iso-8859-1"),
        ("utf-16", '<?xml version="1.0" encoding="utf-16"?>', None),
    ],
)
def test_letters_come_as_they_were_written(encoding: str, head: str, charset: str | None) -> None:
    body = rss("<item><title>café crème</title></item>", head).encode(encoding)
    assert read(body, charset).rows[0]["title"] == "café crème"


def test_the_charset_that_the_site_states_counts() -> None:
    body = rss("<item><title>чайник</title></item>").encode("koi8-r")
    assert read(body, "koi8-r").rows[0]["title"] == "чайник"


def test_another_encoding_than_the_stated_one_is_no_flaw() -> None:
    body = rss("<item><title>caf\xe9</title></item>").encode()
    assert (read(body, "us-ascii").rows[0]["title"], read(body, "us-ascii").flaw) == ("café", "")


@pytest.mark.parametrize(
    "body", ["", "<html><body>sold</body></html>", '{"items": []}', "\x1b[31m"]
)
def test_what_is_no_feed_is_refused(body: str) -> None:
    with pytest.raises(FeedError, match=r"kettles.example/blog/feed.xml must be RSS or") as error:
        read(body)
    assert str(error.value).isprintable()
    assert "page=1" not in str(error.value)


def test_a_parser_that_stumbles_names_the_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(*_: Any, **__: Any) -> None:
        raise AssertionError("\x1b[31m")

    monkeypatch.setattr("feedparser.parse", stumbles)
    with pytest.raises(FeedError, match=r"feed.xml cannot be parsed \(AssertionError: \\x1b"):
        read("")


def test_entities_neither_pile_up_nor_open_files(tmp_path: Any) -> None:
    (tmp_path / "secret").write_text("secret")
    outer = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a SYSTEM "file://{tmp_path}/secret">]>'
    assert read(rss("<item><title>x&a;y</title></item>", outer)).rows[0]["title"] == "xy"
    names = "abcdefghij"
    piled = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(names))
    bomb = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "{"a" * 10}">{piled}]>'
    entries = read(rss("<item><title>&j;</title></item>", bomb))
    assert "amplification" in entries.flaw
    assert len(str(entries.rows)) < 1_000


def test_scripts_are_taken_out() -> None:
    body = "<description>&lt;p&gt;hi&lt;script&gt;alert(1)&lt;/script&gt;&lt;/p&gt;</description>"
    assert item(body)["text"] == "<p>hi</p>"


def test_a_document_that_is_no_path_is_not_opened_as_one(tmp_path: Any) -> None:
    path = tmp_path / "other.xml"
    path.write_text(rss("<item><title>of this machine</title></item>"))
    with pytest.raises(FeedError, match="must be RSS or Atom"):
        read(str(path))

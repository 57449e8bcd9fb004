"""How the files of a feed are written: what the config says of their bytes."""

import codecs
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

DETECT: Final = "detect"
"""The encoding that stands for any other: it is found by the bytes of each file."""


class FileSettings(BaseModel):
    """How the files of the feed are written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: str = Field(
        "utf-8",
        description="Encoding of JSON and CSV files, or detect to tell it by their bytes; a BOM is"
        " understood.",
    )
    encoding_errors: Literal["refuse", "replace"] = Field(
        "refuse",
        description="What becomes of a row with a byte that its encoding lacks: refuse it, or"
        " replace the byte by a question mark in a diamond.",
    )
    delimiter: str = Field(
        "",
        description="Character between the fields of a CSV; empty to tell it by a first line sep=;"
        " or by the header: comma, semicolon, tab or bar.",
    )
    quote: str = Field(
        '"', description="Quotation mark around the fields of a CSV; empty if it has none."
    )
    escape: str = Field(
        "",
        description="Character before a quotation mark inside a quoted field of a CSV, such as a"
        " backslash; empty if quotation marks are doubled.",
    )
    records: str = Field(
        "",
        description="Dotted path of the list of rows inside of a JSON file that is one object, such"
        " as data.items; empty if each line is a row, or only one list is there.",
    )
    sheet: str = Field(
        "", description="Sheet of a workbook that is read; empty if only one has rows."
    )

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, encoding: str) -> str:
        if encoding == DETECT:
            return encoding
        try:
            "\n".encode(encoding)
        except (LookupError, UnicodeError) as error:
            raise ValueError(
                f"encoding must be a text encoding that Python knows, got {encoding!r}"
            ) from error
        return codecs.lookup(encoding).name

    @field_validator("delimiter", "quote", "escape")
    @classmethod
    def _is_one_character(cls, mark: str) -> str:
        if len(mark) > 1 or mark in ("\r", "\n"):
            raise ValueError(f"must be one character or empty, got {mark!r}")
        return mark

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        marks = [mark for mark in (self.delimiter, self.quote, self.escape) if mark]
        if len(set(marks)) < len(marks):
            raise ValueError(
                "delimiter, quote and escape must be three different characters, got"
                f" {self.delimiter!r}, {self.quote!r} and {self.escape!r}"
            )
        return self

"""What is asked of a JSON API: where its records are, how its pages go on, and what is new."""

import re
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

LINK_HEADER: Final = "link"
"""Under `next`: the next URL is in the Link header."""

_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_|~-]+")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class HttpSettings(BaseModel):
    """How a feed is read from a JSON API."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    records: str = Field(
        "",
        description="Dotted path of the list of records in an answer, for instance data.items."
        " Empty: the answer is the list.",
    )
    next: str = Field(
        "",
        description="Dotted path of the next page's URL in an answer, or the word link where it is"
        " in the Link header.",
    )
    cursor: str = Field("", description="Dotted path of the next page's cursor in an answer.")
    cursor_param: str = Field("", description="Parameter of the URL that takes the cursor.")
    page_param: str = Field(
        "",
        description="Parameter of the URL that takes the number of a page; an empty page is the"
        " last.",
    )
    first_page: int = Field(1, ge=0, description="Number of the first page.")
    headers_from: dict[str, str] = Field(
        default_factory=dict,
        description="Header of a request and the environment variable that holds its value, for"
        " instance Authorization and REVIEWS_TOKEN.",
    )
    since: str = Field(
        "",
        description="Dotted path in a record of the value that grows with every new one: each night"
        " asks from the largest one of the last night on. Without it, every night reads all.",
    )
    since_param: str = Field("", description="Parameter of the URL that takes that value.")
    requests_per_second: PositiveFloat = Field(5, description="Requests are no closer than this.")
    max_pages: PositiveInt = Field(10_000, description="More pages than this stop the run.")
    max_bytes: PositiveInt = Field(
        10_000_000_000, description="More bytes than this, of all pages, stop the run."
    )

    @model_validator(mode="after")
    def _one_way_to_page(self) -> Self:
        ways = {
            "next": self.next,
            "cursor": self.cursor or self.cursor_param,
            "page_param": self.page_param,
        }
        given = [name for name, value in ways.items() if value]
        if len(given) > 1:
            raise ValueError(
                f"http must have at most one of next, cursor and page_param, got"
                f" {' and '.join(given)}; remove all but one"
            )
        return self

    @model_validator(mode="after")
    def _pairs_are_whole(self) -> Self:
        for path, param in (("cursor", "cursor_param"), ("since", "since_param")):
            got = [name for name in (path, param) if getattr(self, name)]
            if len(got) == 1:
                raise ValueError(
                    f"http must have both {path} and {param} or neither, got only {got[0]}"
                    f" = {getattr(self, got[0])!r}; set the other one"
                )
        return self

    @model_validator(mode="after")
    def _headers_come_from_variables(self) -> Self:
        for header, variable in self.headers_from.items():
            # Whoever writes the secret itself here must not find it in a log.
            if not _HEADER.fullmatch(header) or not _VARIABLE.fullmatch(variable):
                raise ValueError(
                    "http must have, under headers_from, the name of a header and the name of an"
                    ' environment variable, as Authorization = "REVIEWS_TOKEN", got something'
                    " that is no such name; put the value into a variable and name that"
                )
        return self

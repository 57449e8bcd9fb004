"""What is asked of a feed of news: the URLs that are read beside the feed's own."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tasks.reading.sources.rss.addresses import require_addresses
from tasks.reading.sources.urls import require_no_secret


class RssSettings(BaseModel):
    """How RSS and Atom feeds are read."""

    # A refused URL may hold a password, which an error must not repeat.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    urls: tuple[str, ...] = Field(
        (), description="URLs of further RSS or Atom feeds that are read with the feed's own."
    )

    @field_validator("urls")
    @classmethod
    def _urls_may_be_kept(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            require_no_secret(url, "each of `urls` under [rss]")
        require_addresses(urls)
        return urls

"""Where titles come from: nothing is asked and nothing sent unless a model is named."""

import os
from typing import Final

import httpx
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, field_validator

from tasks.boundary.secret_urls import has_secret

URL_VARIABLE: Final = "NIGHTFOLD_TITLES_URL"
KEY_VARIABLE: Final = "NIGHTFOLD_TITLES_KEY"
"""Only the environment has the key: a configuration is recorded by Prefect and in manifests."""


class TitleSettings(BaseModel):
    """Which language model gives clusters a title."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    model: str = Field(
        "", description="Name of the model as its server knows it; no titles if left empty."
    )
    url: str = Field(
        "",
        description="Address of an OpenAI-compatible server, for instance"
        f" http://localhost:11434/v1; that in {URL_VARIABLE} if left empty. A key is taken from"
        f" {KEY_VARIABLE}.",
    )
    timeout_seconds: PositiveFloat = Field(30, description="Seconds to wait for an answer.")

    @field_validator("url")
    @classmethod
    def _url_can_be_asked(cls, url: str) -> str:
        if has_secret(url):
            raise ValueError(
                "url must have no password, token or key in it, for logs and the Prefect database"
                f" keep it; put the key into {KEY_VARIABLE}"
            )
        if url and not is_address(url):
            raise ValueError(
                f"url must begin with http:// or https:// and name a host, got {url!r}"
            )
        return url

    def address(self) -> str | None:
        """Return the address to ask; None where there is none, or none that can be asked."""
        url = self.url or os.environ.get(URL_VARIABLE, "")
        return url.rstrip("/") if is_address(url) else None


def is_address(url: str) -> bool:
    """Return whether a URL is one of HTTP with a host."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parsed.scheme in {"http", "https"} and bool(parsed.host)

"""Which channels are told of a night; nobody is unless one is named."""

import re
from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Channel(BaseModel):
    """Somebody who is told of a night."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url_from: str = Field(
        description="Variable in the environment that holds the Apprise URL of a mailbox, a chat or"
        " a webhook. The URL itself, which may hold a password, is never written here."
    )
    on: Literal["alarm", "always"] = Field(
        "alarm", description="Whether the channel is told on nights with an alarm, or on every one."
    )

    @field_validator("url_from")
    @classmethod
    def _is_a_variable(cls, url_from: str) -> str:
        if not _VARIABLE.fullmatch(url_from):
            raise ValueError(
                "url_from must be the name of a variable in the environment, such as"
                " NIGHTFOLD_NOTIFY_MAIL, and not a URL: that may hold a password, and logs and the"
                " Prefect database keep settings"
            )
        return url_from

    def url(self, environment: Mapping[str, str]) -> str:
        """Return the URL; empty where the environment has none."""
        return environment.get(self.url_from, "").strip()

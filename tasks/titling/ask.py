"""Ask an OpenAI-compatible server for the title of a cluster."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx

from tasks.boundary.excerpts import excerpt
from tasks.titling.prompts import Messages
from tasks.titling.settings import KEY_VARIABLE, TitleSettings

_MOST_BYTES: Final = 1_000_000
"""Of an answer, whose title has some words."""

_MOST_TOKENS: Final = 200
"""Of an answer: a model that thinks aloud is cut off, and one that does not says a few words."""

_MOST_CHARS: Final = 80
"""Of a title: what stands in a column of a table."""

_QUOTES: Final = "\"'“”„‘’«»*#`. "


class NoTitleError(Exception):
    """The server gave no title; the message says why, and nothing that was sent."""


class Server:
    """A server that is asked for titles.

    Parameters
    ----------
    client
        With the key in its headers, if there is one.
    address
        Its address, without a slash at the end.
    model
        Which model answers.
    """

    def __init__(self, client: httpx.Client, address: str, model: str) -> None:
        self._client, self._address, self._model = client, address, model

    def title(self, messages: Messages) -> str:
        """Return the title that the model gives.

        Raises
        ------
        NoTitleError
            If it cannot be reached, refuses, or answers with something else.
        """
        asked = {
            "model": self._model,
            "messages": messages,
            "temperature": 0,
            "max_tokens": _MOST_TOKENS,
        }
        try:
            content = self._answer(asked)
            found = json.loads(content)["choices"][0]["message"]["content"]
        except httpx.TimeoutException:
            raise NoTitleError("the server did not answer in time") from None
        except httpx.HTTPError as error:
            raise NoTitleError(f"the server cannot be asked: {type(error).__name__}") from None
        except (ValueError, LookupError, TypeError):
            raise NoTitleError("the answer is no chat completion") from None
        title = cleaned(found)
        if not title:
            raise NoTitleError("the answer has no title")
        return title

    def _answer(self, asked: dict[str, Any]) -> bytes:
        url = f"{self._address}/chat/completions"
        with self._client.stream("POST", url, json=asked) as response:
            if not response.is_success:
                raise NoTitleError(f"the server answered with status {response.status_code}")
            content = b""
            for piece in response.iter_bytes():
                content += piece
                if len(content) > _MOST_BYTES:
                    raise NoTitleError(f"the answer has more than {_MOST_BYTES:,} bytes")
        return content


@contextmanager
def asking(settings: TitleSettings, address: str) -> Iterator[Server]:
    """Open the connection to a server."""
    key = os.environ.get(KEY_VARIABLE, "")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(headers=headers, timeout=settings.timeout_seconds) as client:
        yield Server(client, address, settings.model)


def cleaned(answer: object) -> str:
    """Return an answer as a title: its last line that says something, without quotes.

    What stands before is what a model thinks aloud.
    """
    lines = [line.strip(_QUOTES) for line in str(answer or "").splitlines()]
    said = [line for line in lines if any(map(str.isalnum, line))]
    return excerpt(said[-1], _MOST_CHARS) if said else ""

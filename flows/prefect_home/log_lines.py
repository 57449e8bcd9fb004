"""Log lines without control characters or secrets, whichever handler writes them."""

import logging
from collections.abc import Iterator
from typing import Final

from flows.prefect_home.environment import LOGGERS

_LINES: Final = "\n\t"


class InertLines(logging.Filter):
    """Escape what a feed has put into a record before a handler writes it.

    A filter of the handlers: one of a logger is not asked about the records of loggers below it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Escape the record's message and traceback; let every record pass."""
        is_ours = record.name.partition(".")[0] in LOGGERS
        # Our messages are lines, and a file's name must not make two of one.
        record.msg = _inert(record.getMessage(), kept="" if is_ours else _LINES)
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = _inert(record.exc_text, kept=_LINES)
        return True


def keep_lines_inert() -> None:
    """Put the filter on every handler that there is; to be called once handlers are set up."""
    for handler in _handlers():
        if not any(isinstance(it, InertLines) for it in handler.filters):
            handler.addFilter(InertLines())


def _handlers() -> Iterator[logging.Handler]:
    known = list(logging.root.manager.loggerDict.values())  # at once: threads make loggers, too
    loggers = [it for it in known if isinstance(it, logging.Logger)]
    for logger in (logging.root, *loggers):
        yield from logger.handlers
    if logging.lastResort is not None:
        yield logging.lastResort


def _inert(text: str, kept: str) -> str:
    from tasks.boundary.inert import inert
    from tasks.boundary.secret_urls import mask_secrets

    return inert(mask_secrets(text), kept)

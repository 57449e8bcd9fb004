"""Tell channels of a night by Apprise; a channel that fails fails nothing else.

Reads  a published night, URLs in the environment
Writes nothing
"""

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Final

from tasks.boundary.counted import counted
from tasks.publishing.notify.message import Message, message_of
from tasks.publishing.notify.settings import Channel
from tasks.reporting.night_view import read_night
from tasks.store.storage import Store

logger = logging.getLogger(__name__)

_ABOVE_ALL: Final = logging.CRITICAL + 1
"""Apprise's own lines may quote addresses, which hold keys and passwords."""


def tell(store: Store, channels: Sequence[Channel]) -> int:
    """Tell channels of a published night, and return how many could not be told.

    Parameters
    ----------
    store
        The night.
    channels
        Those that want to know of alarms alone are left in peace on a night without one.
    """
    if not channels:
        return 0
    try:
        message = message_of(read_night(store))
    except Exception as error:
        # The night is published, whatever becomes of the message about it.
        logger.warning("nobody is told of the night: %s", type(error).__name__, exc_info=True)
        return len(channels)
    wanted = [it for it in channels if it.on == "always" or message.n_alarms]
    problems = {it.url_from: problem_with(it, message, os.environ) for it in wanted}
    failed = {name: problem for name, problem in problems.items() if problem}
    for name, problem in failed.items():
        logger.warning("the channel of %s was not told of the night: %s", name, problem)
    logger.info("%s told of the night", counted(len(problems) - len(failed), "channel"))
    return len(failed)


def problem_with(channel: Channel, message: Message, environment: Mapping[str, str]) -> str | None:
    """Tell a channel; return why that failed, without its URL, or None."""
    url = channel.url(environment)
    if not url:
        return f"the environment has no {channel.url_from}"
    try:
        from apprise import Apprise, NotifyFormat
    except ImportError:
        return 'what sends it is not installed; pip install "nightfold[notify]"'
    logging.getLogger("apprise").setLevel(_ABOVE_ALL)
    try:
        apprise = Apprise()
        if not apprise.add(url):
            return f"{channel.url_from} is no URL that Apprise knows"
        is_html = apprise[0].notify_format == NotifyFormat.HTML
        is_sent = apprise.notify(
            title=message.title,
            body=message.html() if is_html else message.text(),
            body_format=NotifyFormat.HTML if is_html else NotifyFormat.TEXT,
        )
    except Exception as error:
        # Its message may quote the URL; whatever it is, the night is published.
        return f"an unexpected {type(error).__name__}"
    return None if is_sent else "it could not be reached, or refused the message"

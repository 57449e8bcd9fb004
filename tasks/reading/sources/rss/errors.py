"""A web site that does not answer as it should, in the words of a night."""

from tasks.reading.sources.errors import FeedError


class SiteAwayError(FeedError, ConnectionError):
    """A site that did not answer, or is in trouble: another try may help."""

"""What can be wrong with a feed as a whole."""

from validation.errors import BAD_USAGE, NightfoldError


class FeedError(NightfoldError, ValueError):
    """A feed that cannot be read; the message names the file and what to do."""


class FeedEncodingError(FeedError):
    """A file of a feed that as a whole does not have the encoding that it is read in."""


class SourceAwayError(FeedError, ConnectionError):
    """A database or a site that did not answer, or not now: another try may help."""


class FeedMissingError(FeedError):
    """A feed that does not exist: probably a typo."""

    exit_code = BAD_USAGE

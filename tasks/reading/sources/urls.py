"""What of a feed's URL may be kept: logs, manifests and the Prefect database are read by many."""

from tasks.boundary.secret_urls import has_secret
from tasks.reading.sources.errors import FeedError


def require_no_secret(text: str, key: str = "feed") -> None:
    """Fail on a URL with a secret: it would end up in logs, manifests and the Prefect database.

    Parameters
    ----------
    text
        A path or a URL.
    key
        What it is, for the message.

    Raises
    ------
    FeedError
        If there is one; the message does not repeat it.
    """
    if has_secret(text):
        raise FeedError(
            f"{key} must be a URL without a password, token, key or signature, for logs and the"
            " Prefect database keep it; hand the secret to fsspec in its environment variables, for"
            " sftp:// in FSSPEC_SFTP_PASSWORD, for https:// as a header in FSSPEC_HTTPS (see"
            " docs/deploying.md), to a database in NIGHTFOLD_SQL_PASSWORD, to a JSON API as"
            " `headers_from` of [http] names it, or fetch what a signed URL names first"
        )


def without_query(feed: str) -> str:
    """Return a feed as it may be logged: a URL's query may hold the signature that opens it."""
    return feed.partition("?")[0] if "://" in feed else feed

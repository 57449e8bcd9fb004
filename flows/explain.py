"""Errors as sentences and exit codes: ours explain themselves, all others are named by type."""

from tasks.boundary.secret_urls import mask_secrets
from validation.errors import FAILED, NightfoldError


def sentence_of(error: BaseException) -> str | None:
    """Return the sentence that explains an error; None for an unexpected one.

    A full or read-only disk comes as an error of whatever library was writing, and is explained.
    """
    from flows.prefect_home.disk import disk_trouble
    from flows.prefect_home.runtime import own_home

    if isinstance(error, NightfoldError):
        return str(error)
    return disk_trouble(error, own_home())


def explain(error: BaseException) -> str:
    """Return any error as a sentence."""
    return sentence_of(error) or f"{_named(error)}; --debug shows where"


def exit_code_of(error: BaseException) -> int:
    """Return the exit code of a command that ended with an error."""
    return error.exit_code if isinstance(error, NightfoldError) else FAILED


def _named(error: BaseException) -> str:
    """Return type and message without secrets; several errors have no message at all."""
    return mask_secrets(": ".join(part for part in (type(error).__name__, str(error)) if part))

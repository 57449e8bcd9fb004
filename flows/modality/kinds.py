"""Every kind of document: add one by its module and an entry here."""

from importlib import import_module
from typing import Final

from flows.config import NightlyConfig
from flows.modality.base import Modality

KINDS: Final = {
    "text": ("text", "Text"),
    "images": ("images", "Images"),
    "series": ("series", "Series"),
}
"""Setting → module beside this one and its class, which is imported where it is asked for."""


def modality_of(config: NightlyConfig) -> Modality:
    """Return the kind of document that a feed has."""
    module, name = KINDS[config.modality]
    found: type[Modality] = getattr(import_module(f"flows.modality.{module}"), name)
    return found()

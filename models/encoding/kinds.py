"""Kinds of vectors: which runtime computes them, and in which numbers.

Importing this module is cheap, and so is `choose_kind`: an unchanged night asks it, too.
"""

import hashlib
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar

from validation.errors import NightfoldError, SettingError

Backend: TypeAlias = Literal["openvino", "torch", "static"]
Dtype: TypeAlias = Literal["float32", "bfloat16"]

N = TypeVar("N")

_BFLOAT16_FLAGS: Final = frozenset({"avx512_bf16", "amx_bf16"})
"""What Linux calls the instructions that multiply in bfloat16."""

_NEEDED_FLAG: Final = "avx2"
"""From here on OpenVINO pays: with AVX2 alone it takes 0.87 times what torch does, and once it has
converted an encoder, that is loaded sooner than sentence-transformers is. Never measured without
it, or on processors that are no x86."""


class KindRefusedError(NightfoldError, ValueError):
    """A kind of vectors that this encoder or this machine does not give as it should."""


@dataclass(frozen=True)
class Kind:
    """How vectors are computed.

    Vectors of two kinds differ by more than their last bits: they never share a shelf.
    """

    backend: Backend = "torch"
    dtype: Dtype = "float32"

    def digest(self, files: str) -> str:
        """Return the digest of what decides an encoder's vectors.

        Parameters
        ----------
        files
            Digest of the encoder's files. It stands for float32 by torch, too: the only kind there
            was before there were kinds, so that vectors of old stores keep their place.
        """
        if self == REFERENCE:
            return files
        return hashlib.sha256(f"{files}\0{self.backend}\0{self.dtype}".encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.backend} {self.dtype}"


REFERENCE: Final = Kind()
"""What every other kind is measured against."""

STATIC: Final = Kind("static")
"""How the vectors of a static encoder are computed, on whatever machine."""


def choose_kind(backend: str, dtype: str, device: str) -> Kind:
    """Choose how vectors are computed on this machine.

    Parameters
    ----------
    backend
        ``"openvino"``, ``"torch"``, or ``"auto"``: OpenVINO on a processor with AVX2, where it is
        installed, else torch.
    dtype
        ``"float32"``, ``"bfloat16"``, or ``"auto"``: bfloat16 where the processor or the
        accelerator multiplies in it, else float32.
    device
        See `models.core.devices.resolve_device`.

    Raises
    ------
    SettingError
        If this machine cannot do what was asked for.
    """
    on_cpu = computes_on_cpu(device)
    if backend == "openvino":
        _require_openvino(on_cpu, device)
    if backend == "auto":
        can = on_cpu and has_openvino() and _NEEDED_FLAG in processor_flags()
        backend = "openvino" if can else "torch"
    multiplies = _processor_has_bfloat16() if on_cpu else _accelerator_has_bfloat16(device)
    if dtype == "bfloat16" and not multiplies:
        raise SettingError(
            "embed.dtype must be one that this machine multiplies in, got 'bfloat16': its processor"
            " has neither AVX512-BF16 nor AMX; set 'float32' or 'auto'"
        )
    if dtype == "auto":
        dtype = "bfloat16" if multiplies else "float32"
    return Kind("openvino" if backend == "openvino" else "torch", _dtype(dtype))


def kinds_in_turn(kind: Kind, backend: str, dtype: str) -> list[Kind]:
    """List the kinds to try where an encoder refuses one, the chosen one first.

    Parameters
    ----------
    kind
        Chosen by `choose_kind`.
    backend, dtype
        What it was chosen by: only what is ``"auto"`` may be another. The last is `REFERENCE` where
        both are, and no encoder refuses that.
    """
    if kind == STATIC:
        return [kind]
    backends = _from(kind.backend, ("openvino", "torch")) if backend == "auto" else [kind.backend]
    dtypes = _from(kind.dtype, ("bfloat16", "float32")) if dtype == "auto" else [kind.dtype]
    return [Kind(one, numbers) for one in backends for numbers in dtypes]


def _from(first: N, names: tuple[N, ...]) -> list[N]:
    return list(names[names.index(first) :])


def kind_or_reference(kind: Kind, device: str) -> Kind:
    """Return a kind where this machine has it, else float32 by torch, which every machine has."""
    if kind == STATIC:
        return kind
    try:
        return choose_kind(kind.backend, kind.dtype, device)
    except SettingError:
        return REFERENCE


def has_openvino() -> bool:
    """Return whether the `fast` extra is installed; nothing of it is imported."""
    return util.find_spec("openvino") is not None


def _dtype(name: str) -> Dtype:
    return "bfloat16" if name == "bfloat16" else "float32"


def _require_openvino(on_cpu: bool, device: str) -> None:
    if not has_openvino():
        raise SettingError(
            "embed.backend must be installed, got 'openvino': `pip install nightfold[fast]`, or set"
            " 'torch' or 'auto'"
        )
    if not on_cpu:
        raise SettingError(
            f"embed.backend must be 'torch' or 'auto' on an accelerator, got 'openvino' with"
            f" clustering.device {device!r}"
        )


def computes_on_cpu(device: str) -> bool:
    """Return whether the encoder runs on the processor; torch is imported only to look for others.

    A build of torch for processors says so in its version.
    """
    if device == "cpu" or (device == "auto" and metadata.version("torch").endswith("+cpu")):
        return True
    from models.core.devices import resolve_device

    return resolve_device(device).type == "cpu"


def _processor_has_bfloat16() -> bool:
    return not _BFLOAT16_FLAGS.isdisjoint(processor_flags())


def processor_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Read from the kernel which instructions the processor has; none where it says nothing.

    Every line of flags of a machine is the same: the first one is enough.
    """
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return frozenset(flags.partition(":")[2].split())


def _accelerator_has_bfloat16(device: str) -> bool:
    """Ask CUDA; on Apple's MPS bfloat16 was never measured."""
    import torch

    from models.core.devices import resolve_device

    return resolve_device(device).type == "cuda" and torch.cuda.is_bf16_supported()

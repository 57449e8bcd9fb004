"""From tokens to vectors by OpenVINO, which compiles the encoder for this processor."""

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from models.encoding.forward import Forward, Tokens, VectorModule
from models.encoding.kinds import Kind, KindRefusedError

if TYPE_CHECKING:
    import openvino


def import_openvino() -> Any:
    """Import OpenVINO without its telemetry.

    Its converter reports every call to Google Analytics, and asks nobody. Where the module that
    sends is not there, OpenVINO has a stub in its place: so it must look as if it were not there.

    Raises
    ------
    KindRefusedError
        If other code of this process has loaded the telemetry already.
    """
    # None makes an import of this name fail.
    blocked: dict[str, Any] = sys.modules
    if blocked.setdefault("openvino_telemetry", None) is not None:
        raise KindRefusedError("openvino must be without its telemetry, which this process loaded")
    import openvino

    return openvino


def convert(module: VectorModule, sample: Tokens) -> "openvino.Model":
    """Trace an encoder, for batches of any size and texts of any length.

    Parameters
    ----------
    module
        The encoder on the CPU.
    sample
        Tokens of two texts or more, to trace it with.

    Raises
    ------
    KindRefusedError
        If OpenVINO cannot read the encoder.
    """
    ov = import_openvino()
    inputs = tuple(sample[name] for name in module.names)
    with torch.no_grad(), warnings.catch_warnings(), _refusing("read"):
        # The tracer warns of everything that is decided outside of tensors; what it got wrong
        # shows in `require_same_vectors`.
        warnings.simplefilter("ignore")
        model: openvino.Model = ov.convert_model(module, example_input=inputs)
    return model


def openvino_forward(
    model: "openvino.Model", names: Sequence[str], kind: Kind, n_threads: int
) -> Forward:
    """Compile an encoder for this processor.

    Parameters
    ----------
    model
        As `convert` returns it.
    names
        Of its inputs, in their order.
    kind
        The numbers it computes in.
    n_threads
        Batches that are computed at the same time, each on one thread, so that the bits of a
        vector do not depend on how many there are.

    Raises
    ------
    KindRefusedError
        If OpenVINO cannot compile the encoder.
    """
    hints = {
        "INFERENCE_PRECISION_HINT": "bf16" if kind.dtype == "bfloat16" else "f32",
        "INFERENCE_NUM_THREADS": n_threads,
        "NUM_STREAMS": n_threads,
        # Two processes on one machine would share a core while another is idle.
        "ENABLE_CPU_PINNING": False,
    }
    with _refusing("compile"):
        compiled = import_openvino().Core().compile_model(model, "CPU", hints)
    return _on_requests(compiled, names, n_threads)


@contextmanager
def _refusing(step: str) -> Iterator[None]:
    try:
        yield
    # A model can be beyond a converter in ways that no list of errors has.
    except Exception as error:
        raise KindRefusedError(
            f"openvino must be able to {step} the encoder, got {type(error).__name__}:"
            f" {str(error).strip().partition(chr(10))[0]:.200}"
        ) from error


def _on_requests(compiled: Any, names: Sequence[str], n_threads: int) -> Forward:
    """Compute on requests that are made once; each serves one thread at a time."""
    free: SimpleQueue[Any] = SimpleQueue()
    for _ in range(n_threads):
        free.put(compiled.create_infer_request())

    def forward(tokens: Tokens) -> NDArray[np.float32]:
        request = free.get()
        try:
            inputs = [np.ascontiguousarray(tokens[name].numpy()) for name in names]
            vectors: NDArray[np.float32] = request.infer(inputs)[0].astype(np.float32)
        finally:
            free.put(request)
        return vectors

    return forward

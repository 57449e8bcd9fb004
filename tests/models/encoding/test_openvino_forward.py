"""The same vectors by OpenVINO, nothing sent to anybody, and a refusal that says why."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.core import threads
from models.encoding import openvino_forward as module
from models.encoding.encoder import find_encoder
from models.encoding.kinds import Kind, KindRefusedError, has_openvino
from models.encoding.text_encoder import TextEncoder
from tests.models.encoding.tiny_model import WORDS

# Not importorskip: it would import OpenVINO together with its telemetry.
pytestmark = pytest.mark.skipif(not has_openvino(), reason="needs the extra `fast`")

OPENVINO = Kind("openvino", "float32")
TEXTS = [" ".join(WORDS[i % 9 :]) * (1 + i % 5) for i in range(40)]


@pytest.fixture(scope="module")
def by_openvino(model_folder: Path) -> TextEncoder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.encoding.loading.free_threads", lambda: 2)
        return TextEncoder(find_encoder(str(model_folder)), "cpu", kind=OPENVINO)


def test_vectors_are_those_of_torch_in_their_order(
    model_folder: Path, by_openvino: TextEncoder
) -> None:
    expected = TextEncoder(find_encoder(str(model_folder)), "cpu").encode(TEXTS)
    found = by_openvino.encode(TEXTS)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.dtype == np.float32


def test_vectors_have_the_same_bits_whatever_the_number_of_threads(
    model_folder: Path, by_openvino: TextEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_openvino, "_budget", 32)
    monkeypatch.setattr(threads, "free_threads", lambda: 2)
    expected = by_openvino.encode(TEXTS)
    monkeypatch.setattr(threads, "free_threads", lambda: 1)
    monkeypatch.setattr("models.encoding.loading.free_threads", lambda: 1)
    alone = TextEncoder(find_encoder(str(model_folder)), "cpu", kind=OPENVINO)
    monkeypatch.setattr(alone, "_budget", 32)
    assert alone.encode(TEXTS).tobytes() == expected.tobytes()


def test_vectors_that_point_elsewhere_are_refused(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = module.openvino_forward

    def turned(*given: Any) -> Any:
        forward = straight(*given)
        return lambda tokens: forward(tokens) + 1

    monkeypatch.setattr(module, "openvino_forward", turned)
    with pytest.raises(KindRefusedError, match=r"openvino float32 must be .* got a cosine of 0\."):
        TextEncoder(find_encoder(str(model_folder)), "cpu", kind=OPENVINO)


def test_a_model_that_cannot_be_compiled_is_refused_with_the_reason(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("no such operation\nand a page of details")

    monkeypatch.setattr(module.import_openvino(), "convert_model", fail)
    with pytest.raises(
        KindRefusedError, match=r"read .* got ZeroDivisionError: no such operation$"
    ):
        TextEncoder(find_encoder(str(model_folder)), "cpu", kind=OPENVINO)


def test_telemetry_that_is_loaded_already_keeps_openvino_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "openvino_telemetry", sys)
    with pytest.raises(KindRefusedError, match="without its telemetry"):
        module.import_openvino()


def test_openvino_converts_without_its_telemetry(tmp_path: Path) -> None:
    """Seen to fail with a plain `import openvino`: it resolves www.google-analytics.com."""
    code = """
import socket, sys
def caught(*words, **_):
    sys.exit(f"somebody is called: {words}")
socket.getaddrinfo = socket.socket.connect = caught
import torch
from models.encoding.openvino_forward import import_openvino
ov = import_openvino()
ov.convert_model(torch.nn.Linear(2, 2), example_input=torch.zeros(1, 2))
from openvino.tools.ovc import telemetry_utils
assert telemetry_utils.tm.__name__.endswith("telemetry_stub"), telemetry_utils.tm
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(module.__file__).parents[2],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []

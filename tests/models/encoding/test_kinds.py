import sys
from pathlib import Path

import pytest

from models.encoding import kinds
from models.encoding.kinds import (
    REFERENCE,
    STATIC,
    Kind,
    choose_kind,
    kind_or_reference,
    kinds_in_turn,
)
from validation.errors import SettingError

WIDE = frozenset({"avx2"})
FLAGS = "processor\t: 0\nflags\t\t: fpu avx2 {}\nbugs\t\t: spectre_v1\n"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A processor with AVX2 and no bfloat16, a build of torch for processors, and OpenVINO."""
    monkeypatch.setattr(kinds.metadata, "version", lambda _: "2.13.0+cpu")
    monkeypatch.setattr(kinds, "has_openvino", lambda: True)
    monkeypatch.setattr(kinds, "processor_flags", lambda: WIDE)
    return monkeypatch


def test_auto_takes_what_the_machine_has(machine: pytest.MonkeyPatch) -> None:
    assert choose_kind("auto", "auto", "auto") == Kind("openvino", "float32")
    assert choose_kind("torch", "auto", "auto") == REFERENCE
    machine.setattr(kinds, "processor_flags", lambda: WIDE | {"avx512_bf16"})
    assert choose_kind("auto", "auto", "cpu") == Kind("openvino", "bfloat16")
    assert choose_kind("torch", "auto", "cpu") == Kind("torch", "bfloat16")
    assert choose_kind("openvino", "float32", "cpu") == Kind("openvino", "float32")
    machine.setattr(kinds, "has_openvino", lambda: False)
    assert choose_kind("auto", "auto", "auto") == Kind("torch", "bfloat16")
    machine.setattr(kinds, "has_openvino", lambda: True)
    machine.setattr(kinds, "processor_flags", lambda: frozenset({"avx"}))
    assert choose_kind("auto", "auto", "cpu") == REFERENCE
    assert choose_kind("openvino", "auto", "cpu") == Kind("openvino", "float32")


@pytest.mark.parametrize(("has_it", "dtype"), [(True, "bfloat16"), (False, "float32")])
def test_an_accelerator_computes_by_torch(
    machine: pytest.MonkeyPatch, has_it: bool, dtype: str
) -> None:
    machine.setattr(kinds, "computes_on_cpu", lambda _: False)
    machine.setattr(kinds, "_accelerator_has_bfloat16", lambda _: has_it)
    assert choose_kind("auto", "auto", "cuda") == Kind("torch", dtype)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="on an accelerator, got 'openvino'"):
        choose_kind("openvino", "auto", "cuda")


def test_what_a_machine_has_not_is_refused_with_what_to_set(machine: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingError, match="neither AVX512-BF16 nor AMX; set 'float32'"):
        choose_kind("auto", "bfloat16", "cpu")
    assert kind_or_reference(Kind("openvino", "bfloat16"), "cpu") == REFERENCE
    assert kind_or_reference(Kind("openvino", "float32"), "cpu") == Kind("openvino", "float32")
    machine.setattr(kinds, "has_openvino", lambda: False)
    with pytest.raises(SettingError, match=r"`pip install nightfold\[fast\]`"):
        choose_kind("openvino", "auto", "cpu")


def test_a_static_encoder_has_one_kind_on_every_machine() -> None:
    assert kind_or_reference(STATIC, "cuda") == STATIC
    assert kinds_in_turn(STATIC, "auto", "auto") == [STATIC]
    assert STATIC.digest("f") != REFERENCE.digest("f")


def test_only_what_is_auto_may_be_another_where_a_kind_is_refused() -> None:
    fastest = Kind("openvino", "bfloat16")
    assert kinds_in_turn(fastest, "auto", "auto") == [
        fastest, Kind("openvino", "float32"), Kind("torch", "bfloat16"), REFERENCE,
    ]  # fmt: skip
    assert kinds_in_turn(fastest, "openvino", "auto") == [fastest, Kind("openvino", "float32")]
    assert kinds_in_turn(fastest, "auto", "bfloat16") == [fastest, Kind("torch", "bfloat16")]
    assert kinds_in_turn(fastest, "openvino", "bfloat16") == [fastest]
    assert kinds_in_turn(Kind("openvino", "float32"), "auto", "auto")[1:] == [REFERENCE]
    assert kinds_in_turn(REFERENCE, "auto", "auto") == [REFERENCE]


def test_the_kernel_says_which_instructions_a_processor_has(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(FLAGS.format("amx_tile amx_bf16"))
    assert kinds.processor_flags(cpuinfo) == {"fpu", "avx2", "amx_tile", "amx_bf16"}
    assert kinds.processor_flags(tmp_path / "nosuch") == frozenset()


def test_every_kind_has_a_digest_of_its_own_and_old_vectors_keep_theirs() -> None:
    others = [Kind("torch", "bfloat16"), Kind("openvino", "float32"), Kind("openvino", "bfloat16")]
    assert REFERENCE.digest("f" * 64) == "f" * 64
    assert len({kind.digest("f" * 64) for kind in [*others, REFERENCE]}) == 4
    assert others[0].digest("f" * 64) != others[0].digest("e" * 64)


def test_to_choose_imports_nothing_heavy() -> None:
    import subprocess

    code = (
        "import sys; from models.encoding.kinds import choose_kind; choose_kind('auto', 'auto', 'cpu');"
        " heavy = {'torch', 'openvino', 'transformers'} & set(sys.modules); sys.exit(str(heavy or 0) if heavy else 0)"
    )
    root = Path(kinds.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr

from functools import partial
from pathlib import Path

from tasks.operating.doctor.finding import Finding, repair


def test_a_line_says_file_rule_problem_and_what_to_do() -> None:
    assert Finding("a", "digest", "it is not there", "run again").line() == (
        "a: digest: it is not there; run again"
    )
    assert Finding("a", "orphan", "no one names it", is_removable=True).line() == (
        "a: orphan: no one names it; --repair removes it"
    )
    assert Finding("a", "digest", "it is changed", source="b").line() == (
        "a: digest: it is changed; --repair puts back the copy in state/"
    )
    assert Finding("a", "vectors", "2 texts have none", mend=lambda: None).line() == (
        "a: vectors: 2 texts have none; --repair takes them from state/"
    )


def test_a_repair_puts_back_removes_or_leaves_alone(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / name).write_text(name)
    repair(tmp_path, Finding("a", "rule", "problem", source="b"))
    repair(tmp_path, Finding("c", "rule", "problem", is_removable=True))
    repair(tmp_path, Finding("c", "rule", "problem", is_removable=True))
    repair(tmp_path, Finding("d", "rule", "problem", "do it"))
    repair(tmp_path, Finding("e", "rule", "problem", mend=partial((tmp_path / "e").touch)))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "a": "b", "b": "b", "d": "d", "e": "",
    }  # fmt: skip

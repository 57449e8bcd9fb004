"""The digest of everything that the demo publishes: what a change without effect leaves as it is.

python tests/benchmarks/golden.py --out golden.json [--against before.json]

The demo's nights run in a store of their own. Written is file → SHA-256 of every published file;
of a manifest without its parts ``run`` and ``digest``, which tell of the run and cover it. Bits
depend on the machine: both sides are made on the same one. Exit code 1 where they differ.
"""

import argparse
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

UNPUBLISHED: Final = ("state",)


def run_demo(store: Path) -> None:
    """Run the demo's nights in a process of their own."""
    nightfold = str(Path(sys.executable).with_name("nightfold"))
    words = ["demo", "--store", str(store)]
    subprocess.run([nightfold, *words], check=True, stdout=subprocess.DEVNULL)


def digest_of(path: Path) -> str:
    """Return the digest of a file, or of what a manifest says about a night, not about its run."""
    content = path.read_bytes()
    if path.name == "manifest.json":
        said = json.loads(content)
        content = json.dumps({**said, "run": None, "digest": None}, sort_keys=True).encode()
    return sha256(content).hexdigest()


def digests_of(store: Path) -> dict[str, str]:
    """Return the digest of every published file, by its path in the store."""
    paths = [path for path in sorted(store.rglob("*")) if path.is_file()]
    names = {path.relative_to(store): path for path in paths}
    return {
        name.as_posix(): digest_of(path)
        for name, path in names.items()
        if name.parts[0] not in UNPUBLISHED
    }


def main() -> None:
    """Run the demo and compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--against", type=Path)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        run_demo(Path(folder) / "store")
        found = digests_of(Path(folder) / "store")
    given.out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(f"{len(found)} published files")
    if given.against is None:
        return
    before = json.loads(given.against.read_text(encoding="utf-8"))
    differ = sorted(it for it in before.keys() | found.keys() if before.get(it) != found.get(it))
    print("the same bits" if not differ else "\n".join(["these differ:", *differ]))
    sys.exit(bool(differ))


if __name__ == "__main__":
    main()

"""What nightfold costs, beside what others cost, in processor seconds of one run.

make bench-speed [DATA=FOLDER] [DOCUMENTS=20000] [LONG=1000] [ROUNDS=5] [OUT=speed.json]

Prints the tables of docs/performance.md and writes the figures as JSON. Ratios hold on a machine
that others use, too; seconds do not.
"""

import argparse
import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.benchmarks.speed_embedding import embedding_speed, embedding_table


def processor() -> dict[str, Any]:
    """Name the processor, and what of it decides the speed of an encoder."""
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
    except OSError:
        return {"name": platform.processor()}
    facts = dict(map(str.strip, it.split(":", 1)) for it in said.splitlines() if ":" in it)
    wanted = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
    flags = facts.get("flags", "").split()
    family = f"family {facts.get('cpu family')}, model {facts.get('model')}"
    return {
        "name": f"{facts.get('model name', platform.processor())} ({family})",
        "flags": [flag for flag in wanted if flag in flags],
    }


def main() -> None:
    """Measure all parts, print their tables, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--long", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    embedding = embedding_speed(given.data, given.documents, given.long, given.rounds)
    versions = {it: metadata.version(it) for it in ("torch", "sentence-transformers")}
    figures = {"processor": processor(), "versions": versions, "embedding": embedding}
    given.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print("\n".join(embedding_table(embedding)))


if __name__ == "__main__":
    main()

"""Whether Spark reads what docs/howto/read.md has it read.

make bench-spark

The page's own block is run on a copy of the demo's store called my-store, and its function is called
with a Spark of this process. Needs a JRE: apt-get install default-jre-headless.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "howto" / "read.md"
BLOCK: Final = re.compile(r"```python\n((?:(?!```).)*def read_with\(.*?)```", re.DOTALL)


def counted() -> dict[str, int]:
    """Return what Spark finds in the store of this folder: night → assignments."""
    from pyspark.sql import SparkSession

    block = BLOCK.search(PAGE.read_text(encoding="utf-8"))
    assert block is not None, f"{PAGE} has no block that defines read_with"
    names: dict[str, Any] = {}
    exec(block[1], names)
    spark = SparkSession.builder.master("local[1]").getOrCreate()
    rows = names["read_with"](spark).groupBy("night").count().collect()
    spark.stop()
    return {str(row["night"]): row["count"] for row in rows}


def main() -> None:
    """Read the store by Spark and by its manifests; exit code 1 where they differ."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--store", type=Path, required=True)
    store = parser.parse_args().store.absolute()
    with TemporaryDirectory() as folder:
        Path(folder, "my-store").symlink_to(store)
        os.chdir(folder)  # before Spark starts its JVM, which stays where it was started
        found = counted()
        os.chdir(PAGE.parent)
    manifests = map(
        json.loads, map(Path.read_text, store.glob("runs/feed=*/night=*/manifest.json"))
    )
    wanted = {it["night"]: it["tables"]["assignments"]["rows"] for it in manifests}
    print(json.dumps({"spark": found, "manifests": wanted}, indent=1, sort_keys=True))
    sys.exit(found != wanted)


if __name__ == "__main__":
    main()

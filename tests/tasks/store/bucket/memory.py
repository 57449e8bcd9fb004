"""A bucket in memory with the face of one, and machines that work on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from hashlib import md5, sha256
from pathlib import Path

import pytest

from tasks.store.aside.copies import keep_copy
from tasks.store.bucket import claim
from tasks.store.bucket.objects import ConditionFailedError, Listed, NoConditionsError, Read
from tasks.store.bucket.place import COPIES, root_of
from tasks.store.files import write_atomically
from tasks.store.refs import Ref
from tasks.store.sealed import write_sealed
from tasks.store.storage import Store
from tests.tasks.store.test_manifests import MANIFEST

URL = "s3://shop/nights"


class Killed(BaseException):
    """As `kill -9`: nothing catches it."""


@dataclass
class Memory:
    """The objects of a store; see `tasks.store.bucket.objects.Objects`."""

    url: str = URL
    contents: dict[str, bytes] = field(default_factory=dict)
    ages: dict[str, float] = field(default_factory=dict)
    """Seconds; 0 where nothing else is said."""
    writes: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    dies_after: int = -1
    """So many more writes are made, and then the machine is dead; never below 0."""
    honours: bool = True
    knows: bool = True

    def listed(self) -> dict[str, Listed]:
        return {name: Listed(etag(it), len(it)) for name, it in self.contents.items()}

    def read(self, name: str) -> Read | None:
        content = self.contents.get(name)
        return None if content is None else Read(content, etag(content), self.ages.get(name, 0))

    def put(self, name: str, content: bytes, replaces: str | None) -> str:
        if not self.knows:
            raise NoConditionsError("501 A header you provided implies functionality not here")
        there = etag(self.contents[name]) if name in self.contents else None
        if self.honours and there != replaces:
            raise ConditionFailedError(name)
        self._write(name, content)
        self.ages.pop(name, None)
        return etag(content)

    def put_file(self, name: str, path: Path) -> None:
        self._write(name, path.read_bytes())

    def get_file(self, name: str, path: Path) -> bool:
        self.fetched.append(name)
        if name in self.contents:
            path.write_bytes(self.contents[name])
        return name in self.contents

    def delete(self, name: str) -> None:
        self._write(name, None)

    def _write(self, name: str, content: bytes | None) -> None:
        if not self.dies_after:
            raise Killed
        self.dies_after -= 1
        self.writes.append(name)
        if content is None:
            self.contents.pop(name, None)
        else:
            self.contents[name] = content


def publish_tiny(root: Path, day: int, text: str = "") -> None:
    """Publish a night of one table, which holds a text, as a run does before it sends it."""
    night = Store(root=root, feed="reviews", night=date(2026, 3, day))
    content = (text or f"of day {day}").encode()
    digest = sha256(content).hexdigest()
    table = night.partition("documents") / f"part-{digest[:16]}.parquet"
    summary = night.partition("reports") / "summary.md"
    vectors = root / "embeddings" / "encoder=E-0" / table.name
    for path in (table, summary, vectors):
        write_atomically(path, content)
    refs = [
        Ref(path=it.relative_to(root).as_posix(), sha256=digest, rows=1).model_dump()
        for it in (table, summary)
    ]
    named = {"tables": {"documents": refs[0]}, "reports": {"summary.md": refs[1]}}
    write_sealed(
        night.manifest_path(), MANIFEST | named | {"feed": night.feed, "night": str(night.night)}
    )
    keep_copy(night, night.manifest_path())


def text_of(night: Store) -> str:
    """The text of such a night."""
    return night.resolve(night.read_manifest().tables["documents"]).read_text()


def etag(content: bytes) -> str:
    return f'"{md5(content).hexdigest()}"'


@dataclass(frozen=True)
class Machines:
    """Machines with a working copy each."""

    objects: Memory
    folder: Path
    patch: pytest.MonkeyPatch

    def root(self, name: str) -> Path:
        """The working copy of a machine."""
        self.patch.setenv(COPIES, str(self.folder / name))
        return root_of(URL)

    def night(self, name: str, day: int) -> Store:
        return Store(root=self.root(name), feed="reviews", night=date(2026, 3, day))

    def look(self, name: str) -> list[int]:
        """What a reader on a machine sees: its nights."""
        root = self.root(name)
        claim.look(root)
        return [it.day for it in self.night(name, 1).published_nights()]

    @contextmanager
    def run(self, name: str, day: int) -> Iterator[tuple[Store, claim.Claim]]:
        night = self.night(name, day)
        with claim.run_lock(night) as held:
            yield night, held

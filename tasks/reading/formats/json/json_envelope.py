"""Read the rows that are a list inside of one JSON object, as APIs answer and sites export."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any, Final

import ijson

from tasks.boundary.counted import counted
from tasks.reading.formats.lines import in_utf8
from tasks.reading.formats.rows import FileLog, Row, UnfitFileError, broken_row, spelled
from tasks.reading.formats.settings import FileSettings

_N_LISTED: Final = 10
"""A message is one line of a log."""


def may_be_envelope(start: str, settings: FileSettings) -> bool:
    """Return whether a file that starts so may be one object around its rows.

    An object on one line may as well be the only row of its file, so it is one unless the config
    names the list.
    """
    line, end, more = start.lstrip("\ufeff \t\r\n").partition("\n")
    if not line.startswith("{"):
        return False
    return bool(settings.records) or (bool(end) and bool(more.strip()) and not _is_json(line))


def read_envelope(file: IO[bytes], settings: FileSettings, log: FileLog) -> Iterator[Row] | None:
    """Stream the rows of a file, which is read twice; None if it is no object with a list.

    Raises
    ------
    UnfitFileError
        If it has several lists, not the one that is configured, or does not end.
    """
    # A byte that its encoding lacks is no reason against lines: it breaks one of them.
    lists = _lists_of_objects(in_utf8(file, settings.encoding, "replace"))
    if lists is None or not (lists or settings.records):
        return None
    path = settings.records or _only(lists)
    if path not in lists:
        raise UnfitFileError(
            f"has no list of objects {path!r}; {_named(lists)}; set `records` to one of them"
        )
    log.info("is read as one JSON object, whose list %r has the rows", path)
    file.seek(0)
    return _rows(in_utf8(file, settings.encoding, settings.encoding_errors), path)


class _Once(dict[str, Any]):
    """An object that remembers a key that it was given twice."""

    twice: str | None = None

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self:
            self.twice = key
        super().__setitem__(key, value)


def _rows(blocks: Iterator[bytes], path: str) -> Iterator[Row]:
    found = ijson.items(ijson.from_iter(blocks), f"{path}.item", map_type=_Once, use_float=True)
    for number, values in enumerate(found, start=1):
        if not isinstance(values, _Once):
            problem = f"element {number:,} must be a JSON object, got {type(values).__name__}"
        elif twice := _twice(values):
            problem = f"the key {twice[:80]!r} is there twice in one object"
        else:
            yield Row(number, values, spelled(values), line=number)
            continue
        yield broken_row(number, json.dumps(values), "row_parses", problem, number)


def _twice(values: Any) -> str | None:
    """Return a key that an object, or one inside of it, has twice."""
    inner = values.values() if isinstance(values, dict) else values
    own = values.twice if isinstance(values, _Once) else None
    below = (it for it in map(_twice, filter(_is_container, inner)) if it)
    return own or next(below, None)


def _is_container(value: Any) -> bool:
    return isinstance(value, dict | list)


def _lists_of_objects(blocks: Iterator[bytes]) -> Counter[str] | None:
    """Count the objects of every list that lies in objects only, by its dotted path.

    None where the file is not one object, or breaks before a list: whoever reads its lines says
    what is wrong.
    """
    lists, depth, outer = Counter[str](), 0, None
    try:
        for place, (prefix, event, _) in enumerate(
            ijson.parse(ijson.from_iter(blocks), multiple_values=True)
        ):
            if depth == 0 and (place or event != "start_map"):
                return None
            depth += _STEPS.get(event, 0)
            if event == "start_array" and outer is None:
                outer = prefix
            elif event == "end_array" and prefix == outer:
                outer = None
            elif event == "start_map" and outer is not None and prefix == f"{outer}.item":
                lists[outer] += 1
    except ijson.JSONError as error:
        if not lists:
            return None
        raise UnfitFileError(
            f"is one JSON object that is not whole, or not valid ({error}); fetch it again"
        ) from error
    return lists


_STEPS: Final = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}


def _only(lists: Counter[str]) -> str:
    if len(lists) > 1:
        raise UnfitFileError(
            f"is one JSON object with several lists of objects; {_named(lists)}; set `records` to"
            " the one that has the rows"
        )
    return next(iter(lists))


def _named(lists: Counter[str]) -> str:
    shown = [f"{path!r} ({counted(n, 'object')})" for path, n in lists.most_common(_N_LISTED)]
    return f"its lists are {', '.join(shown)}" if shown else "it has none"


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True

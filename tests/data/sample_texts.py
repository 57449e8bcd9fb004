"""Compose the texts of the sample feed from hand-written sentence patterns.

Reads sample_phrases/*.toml: one file per theme, and common.toml for what every theme may use.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

MIN_WORDS, MAX_WORDS = 5, 60


@dataclass
class Phrasebook:
    """The sentence patterns of every theme, and the texts written so far."""

    themes: dict[str, dict[str, Any]]
    common: dict[str, Any]
    written: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, folder: Path) -> "Phrasebook":
        """Read every phrase file of a folder."""
        books = {
            path.stem: tomllib.loads(path.read_text("utf-8")) for path in folder.glob("*.toml")
        }
        common = books.pop("common")
        return cls(themes=books, common=common)

    def mood(self, theme: str, rng: Random) -> str:
        """Choose mixed at the theme's own rate, else bad or good by the number of patterns."""
        patterns = self.themes[theme]
        if rng.random() < patterns["mixed_share"]:
            return "mixed"
        return rng.choices(("bad", "good"), (len(patterns["bad"]), len(patterns["good"])))[0]

    def title(self, theme: str, rng: Random) -> str:
        """Choose the subject line of a ticket."""
        return self._fill(rng.choice(self.themes[theme]["titles"]), theme, rng, {})

    def text(self, theme: str, mood: str, manner: str, rng: Random) -> str:
        """Write a text of 5 to 60 words whose letters and digits no earlier text has."""
        while True:
            draft = self._draft(theme, mood, manner, rng)
            text = _roughened(draft, self.common["emoji"][mood], rng)
            key = "".join(filter(str.isalnum, text.casefold()))
            if MIN_WORDS <= len(text.split()) <= MAX_WORDS and key not in self.written:
                self.written.add(key)
                return text

    def diary(self, theme: str, n_days: int, rng: Random) -> str:
        """Write a very long text: two sentences a day."""
        bad = self.themes[theme]["bad"]
        days = ([self._fill(p, theme, rng, {}) for p in rng.sample(bad, 2)] for _ in range(n_days))
        return "\n".join(f"Day {n}: {' '.join(sentences)}" for n, sentences in enumerate(days, 1))

    def _draft(self, theme: str, mood: str, manner: str, rng: Random) -> str:
        """Join one to three sentences, perhaps with an opening and a closing."""
        chosen: dict[str, str] = {}
        sentences = [self._fill(p, theme, rng, chosen) for p in self._patterns(theme, mood, rng)]
        if mood == "mixed" and rng.random() < 0.7:
            join = rng.choice(self.common["joins"]["mixed"])
            sentences[1] = f"{join} {_uncapitalised(sentences[1])}"
        parts = [" ".join(sentences)]
        is_letter = manner == "ticket" and rng.random() < 0.35
        if is_letter or rng.random() < 0.25:
            opening = rng.choice(self.common["openings"][f"{manner}_{mood}"])
            parts.insert(0, self._fill(opening, theme, rng, chosen))
        if is_letter or rng.random() < 0.2:
            closing = rng.choice(self.common["closings"][f"{manner}_{mood}"])
            parts.append(self._fill(closing, theme, rng, chosen))
        return ("\n\n" if is_letter else " ").join(parts)

    def _patterns(self, theme: str, mood: str, rng: Random) -> list[str]:
        """Choose the patterns of one text; a mixed one praises first."""
        patterns = self.themes[theme]
        if mood == "mixed":
            return [rng.choice(patterns["good"]), rng.choice(patterns["bad"])]
        return rng.sample(patterns[mood], rng.choices((1, 2, 3), (40, 42, 18))[0])

    def _fill(self, pattern: str, theme: str, rng: Random, chosen: dict[str, str]) -> str:
        """Choose one of each `[a|b]`, and one word per `{slot}` for the whole document."""
        words = self.common["slots"] | self.themes[theme]["slots"]
        pattern = re.sub(r"\[([^]]+)]", lambda match: rng.choice(match[1].split("|")), pattern)
        for slot in re.findall(r"\{(\w+)}", pattern):
            word = chosen.setdefault(slot, rng.choice(words[slot]))
            pattern = pattern.replace(f"{{{slot}}}", word)
        pattern = re.sub(r"\b([Aa]) (?=[aei]|o(?!ne))", r"\1n ", pattern)
        return pattern[0].upper() + pattern[1:]


def _uncapitalised(sentence: str) -> str:
    """Write the first letter small, unless it is the word I or a word in capitals."""
    if re.match(r"I\b|[A-Z]{2}", sentence):
        return sentence
    return sentence[0].lower() + sentence[1:]


def _roughened(text: str, emoji: list[str], rng: Random) -> str:
    """Write a text the way people type: typos, all small letters, no full stop, an emoji."""
    if rng.random() < 0.09:
        text = _with_typo(text, rng)
    case, ending = rng.random(), rng.random()
    if case < 0.085:
        text = text.lower() if case < 0.07 else text.upper()
    if ending < 0.18 and text.endswith("."):
        text = text[:-1] + ("" if ending < 0.12 else rng.choice(("!", "!!", "...", " !")))
    return f"{text} {rng.choice(emoji)}" if rng.random() < 0.06 else text


def _with_typo(text: str, rng: Random) -> str:
    """Swap, drop or double one letter inside one word."""
    word = rng.choice(re.findall(r"\b[a-z]{5,}\b", text) or ["e-mail"])
    at = rng.randrange(1, len(word) - 1)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    dropped = word[:at] + word[at + 1 :]
    doubled = word[:at] + word[at] + word[at:]
    return text.replace(word, rng.choice((swapped, dropped, doubled)), 1)

"""How a changed text is told: its new words and its old ones, cut to where they differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from lib import french
from lib.french import NBSP

SHORT = 80
EXCERPT = 160
BEFORE = 40
PASSAGES = 3


def short(text: str, length: int = SHORT) -> str:
    """One line, cut at a word where it is too long."""
    text = re.sub(r"\s*\n\s*", " ", text.strip())
    if len(text) <= length:
        return text
    cut = text.rfind(" ", length // 2, length)
    return f"{text[: cut if cut > 0 else length]}…"


def text_changes(label: str, old: str, new: str) -> Iterator[str]:
    """The words that differ: all of a short text, sentence by sentence of a long one."""
    if old == new:
        return
    if old.split() == new.split():
        yield f"{label}{NBSP}: seuls les espaces ou les retours à la ligne ont changé."
        return
    is_long = max(len(old), len(new)) > EXCERPT
    before, after = (_sentences(text) if is_long else [text] * bool(text.strip()) for text in (old, new))
    codes = SequenceMatcher(None, before, after).get_opcodes()
    passages = [(" ".join(before[i:k]), " ".join(after[j:m])) for _, i, k, j, m in codes]
    differing = [(was, now) for was, now in passages if was.split() != now.split()]
    yield from (_passage(label, was, now) for was, now in differing[:PASSAGES])
    if len(differing) > PASSAGES:
        yield f"{label}{NBSP}: d'autres passages ont changé, relisez ce texte en entier."


def _sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?;])\s+|\s*\n\s*", text.strip()) if part]


def _passage(label: str, old: str, new: str) -> str:
    letters = enumerate(zip(old, new, strict=False))
    same = next((place for place, (one, other) in letters if one != other), min(len(old), len(new)))
    before, after = cited(_excerpt(old, same)), cited(_excerpt(new, same))
    if not old:
        return f"{label}{NBSP}: ajout de {after}."
    if not new:
        return f"{label}{NBSP}: retrait de {before}."
    if before == after:
        before, after = (french.quoted(short(_excerpt(text, same), EXCERPT)) for text in (old, new))
    return f"{label}{NBSP}: {after} au lieu de {before}."


def cited(text: str) -> str:
    """Between quotation marks, its last full stop left to the sentence that cites it."""
    return french.quoted(short(text, EXCERPT).removesuffix("."))


def _excerpt(text: str, same: int) -> str:
    """From a few words before the first that differs, when the whole would be too long."""
    start = max(0, same - BEFORE) if len(text) > EXCERPT else 0
    if start:
        start = text.find(" ", start, same) + 1 or start
    return ("…" if start else "") + text[start:]


def field_changes(old: Any, new: Any, labels: dict[str, str]) -> Iterator[str]:
    for name, label in labels.items():
        yield from text_changes(label, getattr(old, name), getattr(new, name))

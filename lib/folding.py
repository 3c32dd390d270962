"""Words found whatever their accents and case: « chaudiere » finds « Chaudière », « main d'oeuvre » « Main-d'œuvre ».

A regular expression, since it means the same to SQLite and PostgreSQL and needs no extension of either.
"""

from __future__ import annotations

import re
import unicodedata

LIGATURES = {"œ": "oe", "æ": "ae", "’": "'"}
VARIANTS = {
    "a": "àâäáã", "c": "ç", "e": "éèêë", "i": "îïìí", "n": "ñ", "o": "ôöòó", "u": "ùûüú", "y": "ÿý",
    "'": "’",
}  # fmt: skip
CIVILITIES = {"m", "mr", "mme", "mlle", "monsieur", "madame", "mademoiselle", "dr", "me", "et"}
SIGNS = {"2": "²", "3": "³"}


def folded(text: str) -> str:
    """Lower case, without accents or ligatures."""
    for ligature, letters in LIGATURES.items():
        text = text.lower().replace(ligature, letters)
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def may_be_same_name(one: str, other: str) -> bool:
    """Whether all words of one name stand in the other: civilities, accents, case and order are nobody's name."""
    first, second = _name_words(one), _name_words(other)
    same_letters = sorted("".join(first)) == sorted("".join(second))  # « Le Goff » and « Legoff »
    return first <= second or second <= first or same_letters


def _name_words(name: str) -> set[str]:
    return set(re.findall(r"\w+", folded(name))) - CIVILITIES


def pattern(word: str) -> str:
    """What a database's case-insensitive regular expression must look for to find this word."""
    return "".join(_part(part) for part in re.findall("oe|ae|.", folded(word), flags=re.DOTALL))


def _part(part: str) -> str:
    ligature = {"oe": "œŒ", "ae": "æÆ"}.get(part)
    if ligature:
        letters = "".join(_part(letter) for letter in part)
        return f"({letters}|[{ligature}])"
    variants = VARIANTS.get(part, SIGNS.get(part, ""))
    if not variants:
        return re.escape(part)
    # Some databases fold the case of ASCII letters only.
    return f"[{part}{variants}{variants.upper()}]"

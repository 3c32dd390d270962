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
    kept = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", "".join(kept))


def may_be_same_name(one: str, other: str) -> bool:
    """Whether all words of one name stand in the other: civilities, accents, case and order are nobody's name."""
    first, second = _name_words(one), _name_words(other)
    same_letters = sorted("".join(first)) == sorted("".join(second))  # « Le Goff » and « Legoff »
    return first <= second or second <= first or same_letters


def _name_words(name: str) -> set[str]:
    return set(re.findall(r"\w+", folded(name))) - CIVILITIES


def pattern(word: str) -> str:
    """What a database's case-insensitive regular expression must look for to find this word.

    An accent that French has not is found where it is typed: « Bednář » finds « Bednář ».
    """
    typed = unicodedata.normalize("NFC", word.lower())
    return "".join(_part(sign) for sign in re.findall("oe|ae|.", typed, flags=re.DOTALL))


def _part(typed: str) -> str:
    part = folded(typed)
    if ligature := {"oe": "œŒ", "ae": "æÆ"}.get(part):
        letters = "".join(_part(letter) for letter in part)
        return f"({letters}|[{ligature}])"
    if len(part) != 1:  # a mark of its own, or what is more than a letter without its accents
        return re.escape(typed)
    variants = VARIANTS.get(part, SIGNS.get(part, ""))
    if typed != part and typed not in variants:
        variants += typed
    if not variants:
        return re.escape(part)
    # Some databases fold the case of ASCII letters only.
    return f"[{part}{variants}{variants.upper()}]"

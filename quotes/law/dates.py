"""When something is delivered or begins: a day, or a delay that counts from the signature; never « bientôt »."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from lib import folding, french

HOW = (
    "Écrivez une date, par exemple «\u00a012 janvier 2027\u00a0», ou un délai qui part de la signature, par exemple "
    "«\u00a03 semaines après la signature\u00a0»."
)
NO_SUCH_DAY = f"Ce jour n'existe pas au calendrier. {HOW}"
DELAY = re.compile(
    r"(?:(?:sous|dans|au plus tard|dans un delai de) )?(\d{1,3}) (jours?|semaines?|mois)( ouvres| ouvrables)? "
    r"apres (?:la |votre )?signature(?: du devis)?"
)
IN_FIGURES = re.compile(r"(?:le )?(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
IN_LETTERS = re.compile(r"(?:le )?(\d{1,2})(?:er)? ([a-z]+) (\d{4})")
ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
MONTHS = {folding.folded(name): number for number, name in enumerate(french.MONTHS, start=1)}
UNITS = {"jour": ("jour", "jours"), "semaine": ("semaine", "semaines"), "mois": ("mois", "mois")}


@dataclass(frozen=True)
class When:
    """One of both: the day itself, or the `delay` after the signature, in French."""

    day: dt.date | None = None
    delay: str = ""

    @property
    def words(self) -> str:
        return french.day(self.day) if self.day else f"{self.delay} après la signature"

    def is_past(self, on: dt.date) -> bool:
        return self.day is not None and self.day < on


def when(text: str) -> When:
    """Raises ValueError with a sentence that says what to write."""
    typed = " ".join(folding.folded(text).split())
    if found := DELAY.fullmatch(typed):
        return _delay(int(found[1]), found[2], found[3])
    if found := ISO.fullmatch(typed):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := IN_FIGURES.fullmatch(typed):
        return _day(int(found[3]), int(found[2]), int(found[1]))
    found = IN_LETTERS.fullmatch(typed)
    if found is None or found[2] not in MONTHS:
        raise ValueError(HOW)
    return _day(int(found[3]), MONTHS[found[2]], int(found[1]))


def known(text: str) -> When | None:
    """None for a text that is neither a day nor such a delay."""
    try:
        return when(text)
    except ValueError:
        return None


def _delay(count: int, unit: str, working: str | None) -> When:
    if count == 0:
        raise ValueError(HOW)
    one, several = UNITS[unit if unit == "mois" else unit.rstrip("s")]
    words = f"{count} {several if count > 1 else one}"
    if not working:
        return When(delay=words)
    kind = {"ouvres": "ouvré", "ouvrables": "ouvrable"}[working.strip()]
    return When(delay=f"{words} {kind}{'s' if count > 1 else ''}")


def _day(year: int, month: int, day: int) -> When:
    try:
        found = dt.date(year, month, day)
    except ValueError as error:
        raise ValueError(NO_SUCH_DAY) from error
    if not 2000 <= year <= 2099:
        raise ValueError(NO_SUCH_DAY)
    return When(day=found)

"""How amounts, dates and names are written in French: one way for pages, mails and PDFs.

U+202F between thousands, U+00A0 before €, %, h and high punctuation; times in Europe/Paris.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
NARROW = "\u202f"
NBSP = "\u00a0"
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
SHORT_MONTHS = (
    "janv.",
    "févr.",
    "mars",
    "avr.",
    "mai",
    "juin",
    "juil.",
    "août",
    "sept.",
    "oct.",
    "nov.",
    "déc.",
)
PLURAL = 2  # from when on there are several
# Units in words; what is abbreviated, or not known here, stays as it was written.
UNITS = """
an année appareil barre benne bidon boîte bouteille camion carton contrat déplacement ensemble forfait heure
intervention jour journée kilo kit litre lot mètre module paire page palette panne passage personne pièce plaque
point poste radiateur rouleau sac semaine technicien tonne unité visite
"""
PLURALS = {word: f"{word}s" for word in UNITS.split()} | {
    "panneau": "panneaux",
    "tuyau": "tuyaux",
    "seau": "seaux",
}
NEAR_DAYS = {-1: "hier", 0: "aujourd'hui", 1: "demain"}


def _grouped(digits: str) -> str:
    return f"{int(digits):,}".replace(",", NARROW)


def money(amount: Decimal | str) -> str:
    """`1 234,50 €`."""
    value = Decimal(amount)
    euros, _, cents = f"{abs(value):.2f}".partition(".")
    return f"{'-' if value < 0 else ''}{_grouped(euros)},{cents}{NBSP}€"


def price(amount: Decimal | str) -> str:
    """Of one unit, `1 234,50 €` or `0,0385 €`: what is less than a cent is shown where there is any."""
    value = Decimal(amount)
    return money(value) if value == round(value, 2) else f"{number(value)}{NBSP}€"


def number(value: Decimal | str) -> str:
    """A number without useless zeros: `2`, `1,5`, `1 200`."""
    text = f"{Decimal(value):f}"
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    return _grouped(whole) + (f",{fraction}" if fraction else "")


def quantity(value: Decimal | str, unit: str) -> str:
    """`8 unités`, `1,5 forfait`, `3 h`: a word that we know has its plural from two on."""
    if abs(Decimal(value)) >= PLURAL:
        unit = PLURALS.get(unit, unit)
    return NBSP.join(filter(None, [number(value), unit]))


def percent(value: Decimal | str) -> str:
    """`5,5 %`."""
    return f"{number(value)}{NBSP}%"


def day(date: dt.date) -> str:
    """`20 décembre 2026`, `1er mars 2026`."""
    return f"{_day_of_month(date)}{NBSP}{MONTHS[date.month - 1]}{NBSP}{date.year}"


def short_day(date: dt.date) -> str:
    """`24 nov. 2026`."""
    return f"{_day_of_month(date)}{NBSP}{SHORT_MONTHS[date.month - 1]}{NBSP}{date.year}"


def _day_of_month(date: dt.date) -> str:
    return "1er" if date.day == 1 else str(date.day)


def in_paris(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(PARIS)


def hour(moment: dt.datetime) -> str:
    """`14 h 32`, in Paris."""
    local = in_paris(moment)
    return f"{local.hour}{NBSP}h{NBSP}{local.minute:02}"


def second(moment: dt.datetime) -> str:
    """`14 h 32 min 08 s`, in Paris."""
    return f"{hour(moment)}{NBSP}min{NBSP}{in_paris(moment).second:02}{NBSP}s"


def moment(instant: dt.datetime) -> str:
    """`24 novembre 2026, 14 h 32`, in Paris."""
    return f"{day(in_paris(instant).date())}, {hour(instant)}"


def short_moment(instant: dt.datetime) -> str:
    """`24 nov. 2026, 14 h 32`, in Paris."""
    return f"{short_day(in_paris(instant).date())}, {hour(instant)}"


def near(instant: dt.datetime, *, now: dt.datetime) -> str:
    """`aujourd'hui 14 h 32`, `demain 14 h 32`, else `le 24 novembre 2026 à 14 h 32`."""
    days = (in_paris(instant).date() - in_paris(now).date()).days
    if days in NEAR_DAYS:
        return f"{NEAR_DAYS[days]} {hour(instant)}"
    return f"le {day(in_paris(instant).date())} à {hour(instant)}"


def masked(email: str) -> str:
    """`m•••@e•••.fr`: enough to recognise one's own mailbox, not enough to learn it."""
    local, _, domain = email.partition("@")
    name, dot, top = domain.rpartition(".")
    return f"{local[:1]}•••@{(name or top)[:1]}•••{dot}{top if name else ''}"


def grouped(digest: str, *, size: int = 8) -> str:
    """A hash in groups, to be compared by eye."""
    return " ".join(digest[i : i + size] for i in range(0, len(digest), size))


def quoted(words: str) -> str:
    """`« mots »`, with spaces that do not break."""
    return f"«{NBSP}{words}{NBSP}»"


def file_size(size: int) -> str:
    """`640 ko`, `1,2 Mo`."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))}{NBSP}ko"
    return f"{size / 1_000_000:.1f}".replace(".", ",") + f"{NBSP}Mo"


def listed(words: list[str]) -> str:
    """`a, b et c`."""
    return " et ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))

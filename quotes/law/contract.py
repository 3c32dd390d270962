"""What a contract needs: facts in, answers out. Pure: no database, no page.

Stored values of `Quote` and `Customer` are read under the names that they are stored by. Whoever asks for a day, a
notice, a box or a refusal to send asks here, so that pages, mails, PDFs, desk and payments cannot differ.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from lib.french import in_paris
from quotes.law import days

SHORTEST_REASON = 20  # characters, enough to name the object that was made


class Kind(enum.StrEnum):
    CONSUMER = "individual"
    BUSINESS = "business"


class Place(enum.StrEnum):
    """How the contract is concluded; `PROTECTION` ranks them."""

    ON_PREMISES = "on_premises"
    DISTANCE = "distance"
    OFF_PREMISES = "off_premises"


PROTECTION = tuple(Place)  # from the least to the most protective: each gives what those before it give


class Nature(enum.StrEnum):
    """Supply with installation is a sale (Cass. 1re civ. 17 May 2023, 21-25.670).

    UNKNOWN: frozen before it was asked for.
    """

    GOODS = "goods"
    SERVICES = "services"
    UNKNOWN = "unknown"


class Exempt(enum.StrEnum):
    """Cases of art. L221-28 that a field-service company meets."""

    NONE = ""
    URGENT_REPAIR = "urgent_repair"
    MADE_TO_MEASURE = "made_to_measure"


class Start(enum.StrEnum):
    """From when on the fourteen days run; the right itself stands from the conclusion on."""

    CONCLUSION = "conclusion"
    DELIVERY = "delivery"


class Notice(enum.StrEnum):
    """Which notice of the right to withdraw a version was frozen with. OLD: from the conclusion, in our own words."""

    NONE = "none"
    OLD = "old"
    CONCLUSION = "conclusion"
    DELIVERY = "delivery"


@dataclass(frozen=True)
class Facts:
    """`notice` None: nothing is frozen yet, so the right one will be.

    `is_small`: a business of five employees at most, outside its main field (art. L221-3); None: nobody has said.
    `urgency_asked`: the customer ticked that they asked for the repair. `early_start`: that work begins within the
    period, and that the right is lost once all of it is done. `reason` is why an exception holds.
    """

    kind: Kind
    place: Place
    nature: Nature
    exempt: Exempt = Exempt.NONE
    is_small: bool | None = None
    visited_on: dt.date | None = None
    concluded_at: dt.datetime | None = None
    delivered_on: dt.date | None = None
    performed_on: dt.date | None = None
    notice: Notice | None = None
    urgency_asked: bool = False
    early_start: bool = False
    reason: str = ""

    @property
    def concluded_on(self) -> dt.date | None:
        return in_paris(self.concluded_at).date() if self.concluded_at else None


class Refusal(enum.Enum):
    """Why such a quote is not sent: what its owner reads."""

    NATURE = (
        "Dites si ce devis est une fourniture ou de la main-d'œuvre : le délai de rétractation en dépend."
    )
    SMALL = (
        "Dites si ce professionnel a cinq salariés au plus et si ce contrat sort de son activité principale : "
        "hors établissement, il est alors protégé comme un particulier."
    )
    VISIT = (
        "Vous êtes chez ce client ce jour-là : un contrat signé le jour de la visite est conclu hors établissement. "
        "Choisissez « Hors établissement »."
    )
    URGENT_NOT_AT_HOME = (
        "Un dépannage urgent se signe chez un particulier, à sa demande : choisissez « Hors établissement », "
        "ou retirez l'exception."
    )
    URGENT_NOT_SERVICES = (
        "Un dépannage urgent est de la main-d'œuvre et les pièces qu'elle exige, rien d'autre : "
        "choisissez « Main-d'œuvre », ou retirez l'exception."
    )
    MADE_OF_SERVICES = (
        "Un objet fait sur mesure est une fourniture : choisissez « Fourniture », ou retirez l'exception."
    )
    MADE_WITHOUT_NAME = (
        f"Nommez l'objet fabriqué pour ce client, en {SHORTEST_REASON} caractères au moins. "
        "Un appareil de catalogue n'est pas sur mesure."
    )


@dataclass(frozen=True)
class Needs:
    """`notices` and `consents` by their ids; of the consents those that are `asked` may stay unticked."""

    start: Start | None  # None: no right to withdraw
    notices: tuple[str, ...]
    required: tuple[str, ...]
    asked: tuple[str, ...]
    refusals: tuple[Refusal, ...]


def place(facts: Facts) -> Place:
    """Signed on the day of the visit it is off premises, wherever the signature was given (art. L221-1, I, 2°, b)."""
    is_day_of_visit = facts.visited_on is not None and facts.visited_on == facts.concluded_on
    return Place.OFF_PREMISES if is_day_of_visit else facts.place


def may_be_off(facts: Facts) -> bool:
    """Off premises, or so on the day of a visit that is still to come."""
    ahead = (
        facts.visited_on is not None
        and facts.concluded_on is not None
        and facts.visited_on >= facts.concluded_on
    )
    return ahead or place(facts) is Place.OFF_PREMISES


def protection(facts: Facts) -> Place | None:
    """As a consumer is protected at this place; None: as nobody, which on premises comes to the same."""
    where = place(facts)
    if facts.kind is Kind.CONSUMER:
        return None if where is Place.ON_PREMISES else where
    return where if facts.is_small and where is Place.OFF_PREMISES else None


def is_exempt(facts: Facts) -> bool:
    """An exception takes the right away from whoever would have it."""
    return facts.exempt is not Exempt.NONE and protection(facts) is not None


def start(facts: Facts) -> Start | None:
    """None: no right. A nature that nobody has said counts as goods do: the customer loses nothing by it."""
    if protection(facts) is None or is_exempt(facts):
        return None
    return Start.CONCLUSION if facts.nature is Nature.SERVICES else Start.DELIVERY


def needs(facts: Facts) -> Needs:
    """What the version has to say, the signatory to tick, and what keeps it from being sent."""
    begins = start(facts)
    notices: tuple[str, ...] = ("withdrawal", "withdrawal_form") if begins else ()
    if is_exempt(facts):
        notices = ("no_withdrawal",)
    is_urgent = is_exempt(facts) and facts.exempt is Exempt.URGENT_REPAIR
    return Needs(
        start=begins,
        notices=notices,
        required=("urgent_repair",) if is_urgent else (),
        asked=("early_start",) if begins is Start.CONCLUSION else (),
        refusals=tuple(_refusals(facts)),
    )


def _refusals(facts: Facts) -> list[Refusal]:
    is_protected = protection(facts) is not None
    is_urgent = facts.exempt is Exempt.URGENT_REPAIR
    is_made = facts.exempt is Exempt.MADE_TO_MEASURE and is_protected
    is_at_home = facts.kind is Kind.CONSUMER and facts.place is Place.OFF_PREMISES
    is_off = place(facts) is Place.OFF_PREMISES
    found = {
        Refusal.NATURE: is_protected and facts.nature is Nature.UNKNOWN,
        Refusal.SMALL: facts.kind is Kind.BUSINESS and may_be_off(facts) and facts.is_small is None,
        Refusal.VISIT: facts.place is Place.ON_PREMISES and is_off,
        Refusal.URGENT_NOT_AT_HOME: is_urgent and not is_at_home,
        Refusal.URGENT_NOT_SERVICES: is_urgent and is_at_home and facts.nature is not Nature.SERVICES,
        Refusal.MADE_OF_SERVICES: is_made and facts.nature is Nature.SERVICES,
        Refusal.MADE_WITHOUT_NAME: is_made and len(facts.reason.strip()) < SHORTEST_REASON,
    }
    return [refusal for refusal, holds in found.items() if holds]


def bans_money(facts: Facts) -> bool:
    """Off premises nothing is asked for or received for seven days, save for a repair that was urgently asked for."""
    is_urgent = is_exempt(facts) and facts.exempt is Exempt.URGENT_REPAIR and facts.urgency_asked
    return protection(facts) is Place.OFF_PREMISES and not is_urgent


def money_from(facts: Facts) -> dt.date | None:
    """The first day on which money may be asked for; None: at once."""
    concluded = facts.concluded_on
    if concluded is None or not bans_money(facts):
        return None
    return days.first_day_for_money(concluded)


@dataclass(frozen=True)
class Period:
    """Within which a concluded contract can be withdrawn from; `last_day` None: there is no end yet."""

    last_day: dt.date | None

    def is_open(self, at: dt.datetime) -> bool:
        return self.last_day is None or at < days.end_of(self.last_day)


def withdrawal(facts: Facts) -> Period | None:
    """None: no right, or no contract. An unsuitable notice costs the trader twelve months more (art. L221-20)."""
    begins, concluded = start(facts), facts.concluded_on
    if begins is None or concluded is None:
        return None
    if begins is Start.DELIVERY:
        if facts.delivered_on is None:
            return Period(None)
        received = max(facts.delivered_on, concluded)
        return Period(days.last_day(received, is_badly_informed=not is_well_informed(facts)))
    last = days.last_day(concluded, is_badly_informed=not is_well_informed(facts))
    if facts.early_start and facts.performed_on is not None:  # art. L221-28, 1°
        last = max(concluded, min(last, facts.performed_on))
    return Period(last)


def is_well_informed(facts: Facts) -> bool:
    """The frozen notice tells the right start; our old words told the conclusion, which is right for services alone."""
    suitable = {
        Start.DELIVERY: (Notice.DELIVERY,),
        Start.CONCLUSION: (Notice.CONCLUSION, Notice.OLD),
    }
    begins = start(facts)
    return begins is None or facts.notice is None or facts.notice in suitable[begins]


def allows(declared: Place, *, of: Place) -> bool:
    """A signatory may name a place that protects them no more than the quote does already."""
    return PROTECTION.index(declared) <= PROTECTION.index(of)

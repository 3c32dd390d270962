"""What a quote must say beside its prices: facts in, mentions word for word out. See `gaps` for what is missing.

Pure: no database, no page. Each mention is given only from and until the days when its law holds (`references`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from lib import folding, french
from quotes.law import notices
from quotes.law.references import cite, in_force

CONFORMITY = "garantie-de-conformite"  # the box of art. D211-2 C. conso.
NBSP = french.NBSP
# Works that save energy or make it from renewable sources, as their quotes name them; accents folded.
ENERGY = re.compile(
    r"pompes? a chaleur|\bpac\b|chauffe-eau (?:thermodynamique|solaire)|photovoltaique|panneaux? solaires?"
    r"|isolation (?:des|du|de la|thermique|par)|(?:chaudiere|poele)s? a (?:granules|pellets|bois)|biomasse|double flux"
)
UPKEEP = re.compile(r"entretien|depannage|reparation|ramonage|nettoyage")


@dataclass(frozen=True)
class Insurer:
    """Of the compulsory guarantee; `not_needed` says why there is none."""

    name: str = ""
    contract: str = ""
    territory: str = ""
    not_needed: str = ""

    @property
    def is_complete(self) -> bool:
        return bool(self.not_needed) or all((self.name, self.contract, self.territory))

    @property
    def words(self) -> str:
        if self.not_needed:
            return f"Assurance obligatoire sans objet{NBSP}: {self.not_needed}"
        territory = f"Territoire couvert{NBSP}: {self.territory}" if self.territory else ""
        return "\n".join(filter(None, (self.name, self.contract, territory)))


@dataclass(frozen=True)
class Mediator:
    """Art. R616-1: who, where to write to, where on line."""

    name: str = ""
    address: str = ""
    site: str = ""

    @property
    def is_complete(self) -> bool:
        return all((self.name, self.address, self.site))

    @property
    def words(self) -> str:
        return "\n".join(filter(None, (self.name, ", ".join(self.address.splitlines()), self.site)))


@dataclass(frozen=True)
class CollectionPoint:
    name: str
    address: str
    kind: str

    @property
    def words(self) -> str:
        return f"{self.name}, {self.address} ({self.kind})"


@dataclass(frozen=True)
class Waste:
    """Of the worksite: how much, how it is sorted and removed, where it goes, at what cost."""

    quantity: str = ""
    sorting: str = ""
    points: tuple[CollectionPoint, ...] = ()
    cost: str = ""

    @property
    def words(self) -> str:
        points = " ".join(f"{point.words}{NBSP};" for point in self.points).rstrip(f"{NBSP};")
        said = (
            self.quantity and f"Quantité totale estimée{NBSP}: {self.quantity}.",
            self.sorting and f"Tri et enlèvement{NBSP}: {self.sorting.removesuffix('.')}.",
            points and f"Point{'s' if len(self.points) > 1 else ''} de collecte{NBSP}: {points}.",
            self.cost and f"Coût{NBSP}: {self.cost.removesuffix('.')}.",
        )
        return "\n".join(filter(None, said))


QUANTITY = re.compile(
    r"([0-9]{1,6}(?:[.,][0-9]{1,3})?)\s*(kg|kilos?|t|tonnes?|m3|litres?|l|unites?|pieces?|sacs?)"
)
UNITS = {"kilo": "kg", "tonne": "t", "m3": "m³", "litre": "l", "unite": "unité", "piece": "pièce"}
HOW_MUCH = "Écrivez un nombre et son unité, par exemple «\u00a0150\u00a0kg\u00a0» ou «\u00a02\u00a0m³\u00a0»."


def quantity(text: str) -> str:
    """`150 kg`, as it is printed. Raises ValueError with a sentence that says what to write."""
    found = QUANTITY.fullmatch(folding.folded(text).strip())
    if found is None or not Decimal(found[1].replace(",", ".")):
        raise ValueError(HOW_MUCH)
    number, unit = found[1].replace(",", "."), found[2].removesuffix("s")
    unit = UNITS.get(unit, unit)
    plural = "s" if unit in ("unité", "pièce", "sac") and Decimal(number) >= 2 else ""
    return f"{french.number(number)}{NBSP}{unit}{plural}"


@dataclass(frozen=True)
class Qualification:
    """A certificate RGE, until the day `until`, included."""

    number: str
    domain: str
    until: dt.date

    @property
    def words(self) -> str:
        return f"n°{NBSP}{self.number}, {self.domain}, valable jusqu'au {french.day(self.until)} inclus"


@dataclass(frozen=True)
class Subcontractor:
    name: str
    siret: str
    rge: str

    @property
    def words(self) -> str:
        rge = f"RGE n°{NBSP}{self.rge}" if self.rge else "non RGE"
        return f"{self.name}, SIRET{NBSP}{self.siret}, {rge}"


@dataclass(frozen=True)
class Seller:
    """What the company has said of itself once, for all its quotes.

    `rge` is yes, no, or empty where it has not said; `rge_proof`: whether the certificate's PDF is there.
    `payment_days` and `late_rate` are the terms between businesses.
    """

    legal_form: str = ""
    insurer: Insurer = Insurer()
    mediator: Mediator = Mediator()
    waste: Waste = Waste()
    rge: str = ""
    qualifications: tuple[Qualification, ...] = ()
    rge_proof: bool = False
    after_sales: str = ""
    spare_parts: str = ""
    payment_days: int | None = None
    late_rate: str = ""

    def valid_qualifications(self, day: dt.date) -> tuple[Qualification, ...]:
        return tuple(one for one in self.qualifications if day <= one.until)


@dataclass(frozen=True)
class Facts:
    """One quote on the day `day`. `small`: a business that is protected as a consumer off premises (art. L221-3).
    `energy` is yes or no where its owner has said it, else empty: `speaks_of_energy`
    then says what its own words tell."""

    day: dt.date
    consumer: bool
    off_premises: bool
    goods: bool
    seller: Seller
    small: bool = False
    delivery: str = ""
    start: str = ""
    duration: str = ""
    formalities: str = ""
    no_waste: bool = False
    waste: Waste = Waste()
    energy: str = ""
    speaks_of_energy: bool = False
    without_subcontractors: bool = False
    subcontractors: tuple[Subcontractor, ...] = ()
    requested_on: dt.date | None = None
    requested_by: str = ""
    valid_until: dt.date | None = None

    @property
    def at_home(self) -> bool:
        """What art. L221-9 asks for is asked for on pain of nullity."""
        return self.off_premises and (self.consumer or self.small)

    @property
    def is_energy(self) -> bool:
        """A business is asked nothing by the words alone: these rules protect consumers."""
        if self.energy:
            return self.energy == "yes"
        return self.consumer and self.speaks_of_energy

    @property
    def energy_counts(self) -> bool:
        return self.is_energy and in_force("energy_works", on=self.day)

    @property
    def needs_waste(self) -> bool:
        """Works that leave any; repairs and upkeep do not, nor does a service without supplies."""
        return self.goods and not self.no_waste and in_force("waste", on=self.day)


@dataclass(frozen=True)
class Mention:
    """`id` as a frozen notice bears it."""

    id: str
    title: str
    text: str


def speaks_of_energy(texts: Iterable[str]) -> bool:
    """Whether a quote's title and lines name such works, and not the upkeep of what is there."""
    words = folding.folded("\n".join(texts))
    return bool(ENERGY.search(words)) and not UPKEEP.search(words.partition("\n")[0])


def mentions(facts: Facts) -> tuple[Mention, ...]:
    """In the order in which a quote bears them."""
    return tuple(_mentions(facts))


def _mentions(facts: Facts) -> Iterator[Mention]:
    seller = facts.seller
    if facts.consumer or facts.at_home:
        yield Mention("guarantees", "Garanties", _guarantees(facts))
    if facts.consumer and facts.goods and in_force("conformity", on=facts.day):
        yield Mention("conformity", "Garantie légale de conformité", imposed(CONFORMITY))
    if facts.needs_waste and facts.waste.words:
        yield Mention("waste", "Déchets du chantier", facts.waste.words)
    if facts.energy_counts and seller.rge:
        yield Mention("rge", "Qualification RGE", _rge(facts))
    if facts.subcontractors or facts.without_subcontractors:
        yield Mention("subcontractors", "Sous-traitance", _subcontractors(facts))
    if not facts.consumer and seller.payment_days is not None and seller.late_rate:
        yield Mention("late_payment", "Paiement et retard", _late_payment(facts))


def _guarantees(facts: Facts) -> str:
    cited = {subject: cite(subject, on=facts.day) for subject in ("hidden_defects", "works")}
    said = []
    if facts.goods and facts.consumer:
        said.append(
            "Le matériel est garanti par la loi contre les défauts de conformité, pendant deux ans à compter de sa "
            f"délivrance, et contre les vices cachés ({cited['hidden_defects']})."
        )
    elif facts.goods:
        said.append(
            f"Le matériel est garanti par la loi contre les vices cachés ({cited['hidden_defects']})."
        )
    said.append(
        f"Les travaux sont garantis par la loi à compter de leur réception ({cited['works']}){NBSP}: parfait "
        "achèvement pendant un an, pour tout désordre signalé à la réception ou par écrit dans l'année\u00a0; bon "
        "fonctionnement pendant deux ans, pour les équipements que l'on peut retirer sans abîmer l'ouvrage\u00a0; "
        "responsabilité décennale pendant dix ans, pour ce qui compromet la solidité de l'ouvrage ou le rend "
        "impropre à son usage."
    )
    seller = facts.seller
    if seller.insurer.name:
        said.append("L'assureur de cette responsabilité est nommé dans ce devis.")
    if seller.after_sales:
        said.append(f"Service après-vente{NBSP}: {seller.after_sales.removesuffix('.')}.")
    if seller.spare_parts and facts.goods:
        said.append(f"Pièces détachées{NBSP}: {seller.spare_parts.removesuffix('.')}.")
    return "\n\n".join(said)


NOT_RGE = "L'entreprise n'est pas RGE\u00a0: ces travaux n'ouvrent pas droit à MaPrimeRénov', aux CEE ni à l'éco-PTZ."


def _rge(facts: Facts) -> str:
    if facts.seller.rge == "no":
        return NOT_RGE
    valid = facts.seller.valid_qualifications(facts.day)
    proof = "L'attestation est jointe à ce devis." if facts.seller.rge_proof else ""
    words = [f"L'entreprise est titulaire de la qualification RGE {one.words}." for one in valid]
    return "\n".join(filter(None, (*words, proof)))


def _subcontractors(facts: Facts) -> str:
    if not facts.subcontractors:
        return "Les travaux sont réalisés sans sous-traitance."
    listed = "\n".join(f"{one.words}." for one in facts.subcontractors)
    return f"Une partie des travaux est confiée à{NBSP}:\n{listed}"


def _late_payment(facts: Facts) -> str:
    days = facts.seller.payment_days
    delay = f"à {days}{NBSP}jours de la facture" if days else "à réception de la facture"
    return (
        f"Paiement {delay}. Tout retard entraîne, sans rappel, des pénalités au taux de {facts.seller.late_rate} et "
        f"une indemnité forfaitaire de 40{NBSP}€ pour frais de recouvrement. Pas d'escompte pour paiement anticipé "
        f"({cite('late_payment', on=facts.day)})."
    )


def imposed(name: str) -> str:
    """A text that the law imposes word for word, as it lies in `texts/` below its header."""
    return notices.text(name).words

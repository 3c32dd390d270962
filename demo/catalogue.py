"""What the sample company sells: believable lines, at believable prices."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from lib.fields import cleaned
from quotes import list_columns
from quotes.models import CatalogueItem, Quote, QuoteLine, QuoteTemplate
from quotes.models.line import Line

AnyLine = TypeVar("AnyLine", bound=Line)


@dataclass(frozen=True)
class Article:
    """Prices in euros excl. tax, rates in percent; strings, so that no float is ever near an amount."""

    label: str
    unit: str
    price: str
    vat: str = "20"
    description: str = ""


@dataclass(frozen=True)
class Item:
    article: Article
    quantity: str = "1"
    discount: str = "0"
    option: bool = False
    chosen: bool = False
    group: str = ""


@dataclass(frozen=True)
class PricedPart:
    """A section of a quote."""

    title: str
    items: tuple[Item, ...]


REMOVAL = Article(
    "Dépose et évacuation de la chaudière gaz",
    "forfait",
    "420.00",
    "10",
    "Vidange, dépose, transport en déchetterie agréée.",
)
OIL_REMOVAL = Article(
    "Dépose et évacuation de la chaudière fioul",
    "forfait",
    "690.00",
    "10",
    "Vidange, dépose, neutralisation de la cuve de 1 500 l.",
)
HEAT_PUMP_8 = Article(
    "Pompe à chaleur air-eau monobloc, 8 kW",
    "unité",
    "6890.00",
    "5.5",
    "Fluide R290, régulation extérieure, pièces garanties 5 ans.",
)
HEAT_PUMP_11 = Article(
    "Pompe à chaleur air-eau monobloc, 11 kW",
    "unité",
    "8450.00",
    "5.5",
    "Fluide R290, régulation extérieure, pièces garanties 5 ans.",
)
AIR_PUMP = Article(
    "Pompe à chaleur air-air, 3 unités intérieures",
    "unité",
    "3980.00",
    "10",
    "Unité extérieure 6,8 kW, unités murales 2,0 kW, télécommandes.",
)
BUFFER = Article("Ballon tampon 100 l", "unité", "690.00", "5.5")
PIPES = Article(
    "Raccordements hydrauliques", "m", "38.50", "5.5", "Cuivre calorifugé, vannes et filtre magnétique."
)
POWER_LINE = Article(
    "Ligne électrique dédiée", "forfait", "465.00", "5.5", "Disjoncteur 20 A et câble depuis le tableau."
)
LABOUR_REDUCED = Article("Main-d'œuvre", "h", "58.00", "5.5", "Deux techniciens.")
LABOUR = Article("Main-d'œuvre", "h", "58.00", "10", "Un technicien.")
LABOUR_FULL = Article("Main-d'œuvre", "h", "58.00", "20", "Deux techniciens.")
START_UP = Article("Mise en service et prise en main", "forfait", "280.00", "5.5")
UPKEEP = Article(
    "Contrat d'entretien, première année",
    "an",
    "189.00",
    "10",
    "Une visite, dépannage sous 48 h ouvrées.",
)
THERMOSTAT = Article("Thermostat d'ambiance connecté", "unité", "249.00", "5.5")
FLUSHING = Article(
    "Désembouage du circuit", "forfait", "590.00", "10", "Conseillé si les radiateurs ont plus de 15 ans."
)
WATER_HEATER = Article(
    "Chauffe-eau thermodynamique 200 l",
    "unité",
    "2190.00",
    "5.5",
    "Sur air ambiant, cuve en inox, garantie 5 ans.",
)
WATER_HEATER_LARGE = Article(
    "Chauffe-eau thermodynamique 270 l",
    "unité",
    "2580.00",
    "5.5",
    "Pour quatre personnes et plus, cuve en inox, garantie 5 ans.",
)
RADIATOR = Article("Radiateur acier basse température, 1 500 W", "unité", "312.00", "10")
VALVE = Article("Robinet thermostatique", "unité", "46.00", "10")
FLOOR = Article(
    "Plancher chauffant hydraulique", "m²", "64.00", "10", "Isolant, dalle à plots, tube PER 16 mm."
)
MANIFOLD = Article("Collecteur 8 départs avec coffret", "unité", "385.00", "10")
GAS_BOILER = Article("Chaudière gaz à condensation 24 kW", "unité", "2740.00", "10")
FLUE = Article("Conduit ventouse concentrique", "m", "96.00", "10")
VENTILATION = Article("Centrale double flux, 350 m³/h", "unité", "5460.00", "20")
DUCTS = Article("Réseau de gaines isolées", "m", "27.50", "20")
STUDY = Article("Étude et dimensionnement", "forfait", "640.00", "20", "Bilan thermique, plans d'exécution.")
UPKEEP_BUSINESS = Article(
    "Contrat d'entretien des trois chaufferies", "an", "1860.00", "20", "Deux visites par site."
)
LEAK = Article("Recherche de fuite et réparation", "forfait", "390.00", "10")

PRICE_LIST = {
    "DEP-GAZ": REMOVAL,
    "DEP-FIOUL": OIL_REMOVAL,
    "PAC-8": HEAT_PUMP_8,
    "PAC-11": HEAT_PUMP_11,
    "PAC-AIR-3": AIR_PUMP,
    "BAL-100": BUFFER,
    "HYD-RAC": PIPES,
    "ELEC-LIGNE": POWER_LINE,
    "MO-5,5": LABOUR_REDUCED,
    "MO-10": LABOUR,
    "MO-20": LABOUR_FULL,
    "MES": START_UP,
    "ENT-AN": UPKEEP,
    "THERM": THERMOSTAT,
    "DESEMB": FLUSHING,
    "CET-200": WATER_HEATER,
    "RAD-1500": RADIATOR,
    "RAD-ROB": VALVE,
    "PCH": FLOOR,
    "PCH-COL8": MANIFOLD,
    "CH-GAZ-24": GAS_BOILER,
    "CH-VENT": FLUE,
    "VMC-350": VENTILATION,
    "VMC-GAINE": DUCTS,
    "ETUDE": STUDY,
    "ENT-3CH": UPKEEP_BUSINESS,
    "FUITE": LEAK,
}


def make_price_list() -> None:
    """What is missing of it; what is there stays as it was changed."""
    kept = set(CatalogueItem.objects.values_list("reference", flat=True))
    CatalogueItem.objects.bulk_create(
        _on_the_list(reference, article) for reference, article in PRICE_LIST.items() if reference not in kept
    )


def _on_the_list(reference: str, article: Article) -> CatalogueItem:
    return cleaned(
        CatalogueItem(
            reference=reference,
            label=article.label,
            description=article.description,
            unit=article.unit,
            unit_price=Decimal(article.price),
            vat_rate=Decimal(article.vat),
            is_supply=article.unit in ("unité", "m"),
        )
    )


def fill(quote: Quote, parts: tuple[PricedPart, ...]) -> None:
    """Replace the lines of a working copy."""
    quote.lines.all().delete()
    QuoteLine.objects.bulk_create(lines_of(QuoteLine, parts, quote=quote))
    list_columns.refresh(quote)


def lines_of(
    kind: type[AnyLine], parts: tuple[PricedPart, ...], **owner: Quote | QuoteTemplate
) -> list[AnyLine]:
    """Unsaved, in their order: each part's title, then what it is made of."""
    lines: list[AnyLine] = []
    for part in parts:
        lines.append(kind(kind=Line.Kind.SECTION, label=part.title, **owner))
        lines.extend(kind(**_fields(item), **owner) for item in part.items)
    for position, line in enumerate(lines, start=1):
        line.position = position
    return [cleaned(line) for line in lines]


def _fields(item: Item) -> dict[str, Any]:
    return {
        "label": item.article.label,
        "description": item.article.description,
        "quantity": Decimal(item.quantity),
        "unit": item.article.unit,
        "unit_price": Decimal(item.article.price),
        "discount": Decimal(item.discount),
        "vat_rate": Decimal(item.article.vat),
        "option": item.option,
        "chosen": item.chosen,
        "choice_group": item.group,
        "choice_kind": Line.ChoiceKind.EXACTLY_ONE if item.group else Line.ChoiceKind.AT_MOST_ONE,
    }

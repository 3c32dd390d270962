"""What the sample company keeps on its shelf: texts that come back, and quotes to begin from."""

from __future__ import annotations

from dataclasses import dataclass

from demo import jobs
from demo.catalogue import PricedPart, lines_of
from lib.fields import cleaned
from quotes.models import QuoteTemplate, TemplateLine, TextTemplate

Place = TextTemplate.Place
TEXTS = (
    (
        Place.INTRO,
        "Après la visite",
        (
            "Merci de nous avoir reçus. À la suite de notre visite, voici notre proposition. "
            "Elle comprend la fourniture, la pose et la mise en service."
        ),
    ),
    (
        Place.OUTRO,
        "Aides à la rénovation",
        (
            "Ces travaux peuvent ouvrir droit à MaPrimeRénov' et aux certificats d'économies d'énergie. "
            "Déposez votre demande d'aide avant de signer ce devis : nous vous y aidons volontiers."
        ),
    ),
    (
        Place.CONDITIONS,
        "Accès et évacuation",
        (
            "Le passage jusqu'au lieu des travaux est libre de tout meuble. Les gravats et l'ancien matériel "
            "sont évacués par nos soins, en déchetterie agréée."
        ),
    ),
    (
        Place.ANSWER,
        "Délai d'intervention",
        (
            "Nous pouvons commencer trois semaines après votre accord. Les travaux durent deux jours, "
            "et le chauffage n'est coupé que le premier."
        ),
    ),
)


@dataclass(frozen=True)
class Model:
    name: str
    title: str
    parts: tuple[PricedPart, ...]
    intro: str
    start: str
    duration: str


MODELS = (
    Model(
        name="Pompe à chaleur air-eau",
        title="Remplacement de la chaudière par une pompe à chaleur air-eau",
        parts=jobs.HEAT_PUMP,
        intro=TEXTS[0][2],
        start="3 semaines après la signature",
        duration="deux jours",
    ),
    Model(
        name="Chauffe-eau thermodynamique",
        title="Fourniture et pose d'un chauffe-eau thermodynamique",
        parts=jobs.HOT_WATER,
        intro="Suite à votre demande, voici notre proposition pour votre eau chaude.",
        start="2 semaines après la signature",
        duration="une journée",
    ),
)


def make_shelf() -> None:
    """What is missing of it; what is there stays as it was changed."""
    kept = set(TextTemplate.objects.values_list("place", "name"))
    TextTemplate.objects.bulk_create(
        cleaned(TextTemplate(place=place, name=name, text=text))
        for place, name, text in TEXTS
        if (place, name) not in kept
    )
    there = set(QuoteTemplate.objects.values_list("name", flat=True))
    for model in MODELS:
        if model.name not in there:
            template = cleaned(
                QuoteTemplate(
                    name=model.name,
                    title=model.title,
                    intro=model.intro,
                    start=model.start,
                    duration=model.duration,
                )
            )
            template.save()
            TemplateLine.objects.bulk_create(lines_of(TemplateLine, model.parts, template=template))

"""Thermo Rhône, the company of the demo. It does not exist: numbers are valid in form and belong to nobody."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw, ImageFont

from lib import addresses
from lib.day import today_in_paris
from lib.fields import cleaned
from quotes.law.mentions import CONFORMITY, imposed
from quotes.models import Company

COLOUR = "#0c5a6e"
FLAME = "#c8502a"
SIZE = 256
FINE = 4  # drawn larger, then shrunk: Pillow's own edges are jagged


def make_company() -> Company:
    """The one company; one that is there is left as it is."""
    found = Company.objects.first()
    if found is not None:
        return found
    company = Company(
        legal_name="Thermo Rhône",
        trade_name="Thermo Rhône",
        tagline="Chauffage et pompes à chaleur, Lyon",
        legal_form="SARL",
        capital=Decimal(20000),
        siret="91234567500017",
        vat_number="FR65912345675",
        registration="RCS Lyon",
        address="18 quai des Tanneurs\n69009 Lyon",
        phone="04 65 71 08 42",
        email="devis@thermo-rhone.example",
        website="https://thermo-rhone.example",
        hours="Du lundi au vendredi, de 8 h à 18 h",
        colour=COLOUR,
        insurer_name="Mutuelle Exemple, décennale et responsabilité civile",
        insurer_contract="contrat n° 000 000, 2 place de l'Exemple, 69002 Lyon, 04 65 71 00 00",
        insurer_territory="France métropolitaine",
        mediator_name="Médiateur Exemple",
        mediator_address="1 place de l'Exemple, 75000 Paris",
        mediator_site="https://mediateur.example",
        after_sales="04 65 71 08 42, sav@thermo-rhone.example",
        spare_parts="disponibles dix ans après la fin de la fabrication",
        waste_sorting="triés sur le chantier et enlevés par nos soins",
        waste_points=[
            {
                "name": "Déchetterie Exemple",
                "address": "3 rue de l'Exemple, 69007 Lyon",
                "kind": "déchetterie professionnelle",
            }
        ],
        waste_cost="compris dans le prix",
        rge=Company.Rge.YES,
        rge_qualifications=[
            {"number": "E-00000", "domain": "pompes à chaleur", "until": _in_three_years().isoformat()}
        ],
        travel_costs="compris dans les prix, dans un rayon de 40 km autour de Lyon",
        quote_cost="Devis gratuit",
        iban="FR7630006000011234567890189",
        bic="AGRIFRPP",
        account_holder="Thermo Rhône SARL",
        terms_text=TERMS.format(
            conformity=imposed(CONFORMITY), data_page=addresses.absolute("/donnees-personnelles/")
        ),
        publication_director="Camille Aubry",
        host="Hébergeur Exemple SAS\n2 rue de l'Exemple\n59000 Lille",
        host_phone="03 65 71 00 00",
        is_micro=True,
        default_validity_days=30,
        default_deposit_percent=Decimal(30),
        payment_methods=[Company.Method.CARD, Company.Method.TRANSFER],
    )
    company.logo = ContentFile(logo(), name="logo.png")
    company.rge_proof = ContentFile(certificate(), name="rge.pdf")
    company.full_clean()
    cleaned(company).save()
    return company


def logo() -> bytes:
    """A flame above a wave, as PNG."""
    image = Image.new("RGB", (SIZE * FINE, SIZE * FINE), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse(_scaled(72, 76, 184, 188), fill=FLAME)
    draw.polygon([_point(72, 132), _point(132, 20), _point(184, 132)], fill=FLAME)
    draw.ellipse(_scaled(104, 124, 152, 184), fill="white")
    draw.polygon([_point(104, 154), _point(130, 96), _point(152, 154)], fill="white")
    for left, start, end in ((34, 180, 360), (98, 0, 180), (162, 180, 360)):
        draw.arc(_scaled(left, 196, left + 64, 236), start, end, fill=COLOUR, width=14 * FINE)
    buffer = io.BytesIO()
    image.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _in_three_years() -> dt.date:
    return dt.date(today_in_paris().year + 3, 12, 31)


def certificate() -> bytes:
    """A page that looks like no certificate of anybody's, as PDF."""
    page = Image.new("RGB", (1240, 1754), "white")
    until = f"Valable jusqu'au {_in_three_years():%d/%m/%Y}"
    words = f"EXEMPLE\n\nAttestation RGE n° E-00000\nThermo Rhône, pompes à chaleur\n{until}"
    ImageDraw.Draw(page).multiline_text(
        (140, 200), words, fill="black", font=ImageFont.load_default(48), spacing=24
    )
    buffer = io.BytesIO()
    page.save(buffer, "PDF", resolution=150)
    return buffer.getvalue()


def _point(x: int, y: int) -> tuple[int, int]:
    return x * FINE, y * FINE


def _scaled(left: int, top: int, right: int, bottom: int) -> tuple[int, int, int, int]:
    return left * FINE, top * FINE, right * FINE, bottom * FINE


TERMS = """\
1. Objet. Ces conditions s'appliquent aux travaux et aux fournitures décrits dans le devis. Elles en font partie.

2. Formation du contrat. Le contrat est conclu quand le client signe le devis pendant sa durée de validité. Toute modification demandée ensuite fait l'objet d'un nouveau devis.

3. Prix. Les prix sont fermes pendant la durée de validité du devis. Les taux de TVA sont ceux en vigueur à la date du devis ; un changement de taux est répercuté.

4. Paiement. L'acompte est dû au jour que dit le devis, le solde à la mise en service, sur facture, par virement ou par carte. Quand le contrat est signé hors établissement, aucun paiement n'est demandé ni reçu pendant les sept jours qui suivent la signature, sauf pour un dépannage urgent que le client a demandé chez lui. Il n'y a pas d'escompte. Entre professionnels, tout retard entraîne des pénalités au taux de trois fois l'intérêt légal et une indemnité forfaitaire de 40 euros.

5. Délais. Le devis dit quand le matériel est livré et quand les travaux commencent : une date, ou un délai qui court à partir de la signature. En cas de retard de notre part, le client peut nous mettre en demeure, puis résoudre le contrat dans les conditions de l'article L216-6 du code de la consommation.

6. Accès au chantier. Le client met à disposition l'eau, l'électricité et un accès dégagé. Il nous signale les réseaux cachés et la présence d'amiante.

7. Réception. Les travaux sont reçus le jour de la mise en service, par un procès-verbal signé des deux parties.

8. Garanties. Le client bénéficie des garanties légales de conformité et des vices cachés, de la garantie de parfait achèvement (un an), de bon fonctionnement (deux ans) et décennale (dix ans), décrites dans la notice « Garanties » du devis. Pour le matériel fourni à un consommateur, la loi (article D211-2 du code de la consommation) impose ces mots :

{conformity}

9. Droit de rétractation. Quand le contrat est conclu à distance ou hors établissement, le consommateur peut se rétracter sans motif : dès la signature et jusqu'à quatorze jours après la réception du dernier bien, pour du matériel fourni, posé ou non ; jusqu'à quatorze jours après la signature, pour une prestation sans fourniture. Les exceptions de l'article L221-28 du code de la consommation sont dites dans le devis.

10. Réserve de propriété. Le matériel reste notre propriété jusqu'au paiement complet du prix.

11. Déchets. Le devis dit la quantité de déchets du chantier, comment ils sont triés et enlevés, le point de collecte où ils vont et ce que cela coûte.

12. Données personnelles. Nous utilisons les coordonnées du client pour établir et exécuter le contrat, et les gardons dix ans pour un contrat, trois ans pour un devis sans suite. Le détail, et les droits du client, sont à cette adresse : {data_page}

13. Litiges. Le client consommateur peut saisir gratuitement le médiateur indiqué sur le devis. À défaut d'accord, les tribunaux français sont compétents.
"""  # noqa: E501

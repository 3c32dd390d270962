"""What the fuzz stands on: one of everything, and which addresses each person's browser asks.

`python -m logisav.tests.fuzz_house` builds it in the database of the environment and tells it as JSON.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress

import django
from django.urls import Resolver404, resolve

if __name__ == "__main__":
    django.setup()

from logisav.tests import doors
from logisav.tests.doors import STAFF, STRANGERS, House, named_routes
from quotes.tests.factories import make_link, make_sent_quote

# Ends the very session that asks.
NEVER = ("/admin/logout/",)
# Whoever may do most reaches most; everybody is asked for.
OFTEN = {"superuser": 44, "manager": 5, "owner": 5, "customer": 26, "administrator": 3}
CUSTOMERS = (
    "", "devis.pdf", "conditions/", "question/", "refuser/", "retractation/", "retractation/accuse/",
    "retractation/code/", "retractation/nouveau-code/", "lien/", "options/", "signer/", "signer/code/",
    "signer/nouveau-code/", "devis-signe.pdf", "acompte/carte/", "acompte/retour/", "acompte/annule/",
    "acompte/virement/", "acompte/virement.png",
    "attestation-rge.pdf", "cadre-de-contribution.pdf",
)  # fmt: skip
OPEN = (
    "/", "/healthz", "/readyz", "/metrics", "/marque.css", "/logo", "/verifier/", "/verifier/ABCD-EFGH/", "/l/abc/",
    "/l/abc/retractation/", "/retractation/", "/retractation/accuse/",
    "/mentions-legales/", "/donnees-personnelles/", "/accessibilite/",
    "/signature-electronique/", "/stripe/webhook/", "/invitation/", "/invitation/abc/", "/admin/login/",
    "/admin/login/code/", "/admin/mot-de-passe-oublie/", "/nulle-part/", "/admin/nulle-part/", "/static/logisav.css",
)  # fmt: skip


def pages(house: House, *, public_ids: list[str]) -> dict[str, list[str]]:
    """By person, each as often as its weight says."""
    desk = [house.path(name) for name in named_routes()]
    desk += [
        house.path(f"quotes_quote_{name}@draft")
        for name in ("change", "action", "preview", "change", "enclosures")
    ]
    found: dict[str, list[str]] = {}
    for who in (*STAFF, *STRANGERS):
        enclosed = (f"photos/{house.rows['photo']}.jpg", f"documents/{house.rows['document']}.pdf")
        theirs = [f"/devis/{one}/{page}" for one in public_ids for page in (*CUSTOMERS, *enclosed)]
        paths = desk if who in STAFF else theirs if who == "customer" else [*OPEN, *theirs, *desk[::8]]
        found[who] = paths * OFTEN.get(who, 1)
    return found


def routes_of(paths: set[str]) -> set[str]:
    """As the resolver writes them; what is no address of its own has none."""
    found = set()
    for path in paths:
        with suppress(Resolver404):
            found.add(resolve(path).route)
    return found


def main() -> None:
    house = doors.build()
    sent = make_sent_quote(owner=house.people["owner"])
    sessions = {}
    for who in STAFF:
        sessions[who] = next(iter(house.browser(who).cookies.values())).value
    told = {
        "sessions": sessions,
        "links": [make_link(one)[1] for one in (house.quote, sent)],
        "pages": pages(house, public_ids=[house.quote.public_id, sent.public_id]),
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()

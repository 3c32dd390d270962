"""The articles that the product names, each with the days between which it is the one to name."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """How an article is cited from `since` until `until`, both included; None: always, for good."""

    words: str
    since: dt.date | None = None
    until: dt.date | None = None

    def holds(self, day: dt.date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


# By subject. A law that moves to another code gets a second entry: what is frozen keeps the words of its day.
REFERENCES: dict[str, tuple[Reference, ...]] = {
    "withdrawal": (Reference("articles L221-18 et suivants du code de la consommation"),),
    "late_payment": (Reference("article L441-10 du code de commerce"),),
    "insurer": (Reference("Article L243-2 du code des assurances"),),
    "personal_data": (Reference("règlement (UE) 2016/679, dit RGPD"),),
    "archive_of_contracts": (Reference("articles L213-1 et D213-2 du code de la consommation"),),
    "archive_of_accounts": (Reference("article L123-22 du code de commerce"),),
    # Their articles were renumbered in 2024: the laws are named, not the articles.
    "legal_notice": (
        Reference("loi n° 2004-575 du 21 juin 2004 pour la confiance dans l'économie numérique"),
    ),
    "accessibility": (Reference("directive (UE) 2019/882 et loi n° 2023-171 du 9 mars 2023"),),
    "vat_franchise": (
        Reference("art. 293 B du CGI", until=dt.date(2027, 12, 31)),
        Reference("art. L223-1 et suivants du CIBS", since=dt.date(2028, 1, 1)),
    ),
    # No stored source says where these will stand in the CIBS.
    "vat_reverse_charge": (Reference("art. 283, 2 nonies du CGI"),),
    "vat_overseas": (Reference("art. 294, 1 du CGI"),),
    "seller": (Reference("articles R123-237 et R123-238 du code de commerce"),),
    "sole_trader": (Reference("article R526-27 du code de commerce", since=dt.date(2022, 5, 15)),),
    "off_premises": (Reference("article L221-9 du code de la consommation"),),
    "dates": (Reference("article L111-1, 3° du code de la consommation"),),
    "mediator": (Reference("articles L616-1 et R616-1 du code de la consommation"),),
    "guarantees": (Reference("article L111-1, 5° du code de la consommation"),),
    "conformity": (Reference("article D211-2 du code de la consommation", since=dt.date(2022, 10, 1)),),
    "hidden_defects": (Reference("articles 1641 à 1649 du code civil"),),
    "works": (Reference("articles 1792 et suivants du code civil"),),
    "waste": (
        Reference("articles L541-21-2-3 et D541-45-1 du code de l'environnement", since=dt.date(2021, 7, 1)),
    ),
    "energy_works": (Reference("loi n° 2025-594 du 30 juin 2025", since=dt.date(2025, 7, 1)),),
    "canvassing": (Reference("loi n° 2025-594 du 30 juin 2025", since=dt.date(2026, 8, 11)),),
}


def in_force(subject: str, *, on: dt.date) -> bool:
    """Whether the law asks for this on that day at all."""
    return any(reference.holds(on) for reference in REFERENCES[subject])


def cite(subject: str, *, on: dt.date) -> str:
    """The reference that holds on that day. Raises KeyError for a subject, ValueError for a day without one."""
    for reference in REFERENCES[subject]:
        if reference.holds(on):
            return reference.words
    raise ValueError(f"no reference for {subject} on {on}")

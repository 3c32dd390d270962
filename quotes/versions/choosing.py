"""Another choice of options on a frozen version: its sums, its words, and whether it may be made.

Nothing here reads the working copy or the company's settings of today: what was frozen becomes a `Draft` again, and
every check and every word is that of any version.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from functools import cached_property

from lib.day import today_in_paris
from quotes.content import Content, LineFacts
from quotes.grounds import Grounds
from quotes.law import mentions
from quotes.models import Aid, Company, Customer, Quote, QuoteLine
from quotes.readiness import Draft
from quotes.versions.freezing import computed


class Unchoosable(Enum):
    """Why a choice is not made on line, in a sentence for the customer."""

    UNKNOWN = "Ce choix ne correspond plus aux options de ce devis. Relisez-les, puis choisissez à nouveau."
    TWO_OF_A_GROUP = (
        "Deux options ne vont pas ensemble\u00a0: gardez-en une là où il est écrit «\u00a0au choix\u00a0»."
    )
    NONE_OF_A_GROUP = (
        "Il manque un choix\u00a0: là où il est écrit «\u00a0au choix, un seul\u00a0», choisissez une option."
    )
    LESS_THAN_AIDS = (
        "Avec ce choix, les aides dépasseraient le prix. Il ne se fait pas en ligne\u00a0: demandez-le-nous."
    )
    TO_BE_CHECKED = (
        "Ce choix demande une vérification de notre part. Demandez-le-nous, nous mettrons le devis à jour."
    )


@dataclass(frozen=True)
class Trial:
    """A version as it would read with a choice; `why_not` where that choice cannot be made."""

    content: Content
    why_not: Unchoosable | None = None


class Frozen(Draft):
    """A frozen version as a working copy that would say the same, lines apart."""

    def __init__(self, quote: Quote, content: Content, grounds: Grounds) -> None:
        self.content, self.grounds = content, grounds
        super().__init__(
            _quote(quote, content, grounds),
            lines=[_line(line) for line in content.lines],
            aids=[
                Aid(
                    kind=aid.kind,
                    payer=aid.payer,
                    amount=aid.amount,
                    conditional=aid.conditional,
                    lines=list(aid.lines),
                )
                for aid in grounds.aids
            ],
            company=_company(content, grounds),
        )

    @property
    def has_contract_documents(self) -> bool:
        return bool(self.content.contract_documents)

    @cached_property
    def law(self) -> mentions.Facts:
        return replace(self.grounds.law, day=today_in_paris(), off_premises=self.at_home)


def _quote(quote: Quote, content: Content, grounds: Grounds) -> Quote:
    law, deposit, discount, said = content.law, content.deposit, content.discount, grounds.law
    return Quote(
        public_id=quote.public_id,
        number=content.number,
        title=content.title,
        valid_until=content.valid_until,
        contract=content.contract,
        worksite=content.worksite,
        nature=law.nature if law else "",
        withdrawal_exception=law.exempt if law else "",
        small_business=law.is_small if law else None,
        visited_on=law.visited_on if law else None,
        withdrawal_reason=grounds.withdrawal_reason,
        deposit_kind=deposit.kind if deposit else Quote.DepositKind.NONE,
        deposit_value=deposit.value if deposit else Decimal(0),
        discount_kind=discount.kind if discount else Quote.DiscountKind.NONE,
        discount_value=discount.value if discount else Decimal(0),
        vat_reason=grounds.vat_reason,
        vat_detail=grounds.vat_detail,
        delivery=said.delivery,
        contribution=content.contribution.path if content.contribution else "",
        contribution_on=content.contribution.dated if content.contribution else None,
        customer=Customer(
            kind=content.customer.kind,
            siren=content.customer.siren,
            address=content.customer.address,
            email=content.email,
        ),
    )


def _company(content: Content, grounds: Grounds) -> Company:
    facts = content.company
    return Company(
        legal_name=facts.legal_name,
        siret=facts.siret,
        vat_number=facts.vat_number,
        address=facts.address,
        phone=facts.phone,
        email=facts.email,
        vat_regime=grounds.vat_regime,
        territory=grounds.territory,
        giving_back=grounds.giving_back,
        rge=Company.Rge.YES if grounds.rge_proof else "",
        rge_proof=f"company/{grounds.rge_proof}.pdf" if grounds.rge_proof else "",
    )


def _line(line: LineFacts) -> QuoteLine:
    return QuoteLine(
        kind=line.kind,
        label=line.label,
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        discount=line.discount,
        vat_rate=line.vat_rate,
        option=line.option,
        identity=line.identity,
        chosen=line.chosen,
        choice_group=line.choice_group,
        choice_kind=line.choice_kind,
    )


def can_be_chosen_from(content: Content) -> bool:
    """Whether this version was frozen with all that another choice is computed from, and has options."""
    return content.grounds is not None and bool(content.choices)


def _chosen(quote: Quote, content: Content, chosen: frozenset[str]) -> Frozen | Unchoosable:
    if content.grounds is None or not chosen <= {line.identity for line in content.lines if line.option}:
        return Unchoosable.UNKNOWN
    lines = tuple(
        replace(line, chosen=line.identity in chosen) if line.option else line for line in content.lines
    )
    wished = replace(content, lines=lines)
    for group in wished.choices:
        if not group.is_sound:
            return Unchoosable.TWO_OF_A_GROUP if group.chosen else Unchoosable.NONE_OF_A_GROUP
    draft = Frozen(quote, wished, content.grounds)
    return Unchoosable.LESS_THAN_AIDS if draft.aids_are_too_much else draft


def try_out(quote: Quote, content: Content, chosen: frozenset[str]) -> Trial:
    """What version `content.version` would read with these options; nothing is stored."""
    draft = _chosen(quote, content, chosen)
    if isinstance(draft, Unchoosable):
        return Trial(content, draft)
    if draft.missing():
        return Trial(content, Unchoosable.TO_BE_CHECKED)
    facts = computed(draft, version=content.version, has_terms=content.terms is not None)
    return Trial(replace(draft.content, **facts))


def may_become(quote: Quote, content: Content, chosen: frozenset[str]) -> bool:
    """Of a version that passes as it is: asks what hangs on the choice alone. `try_out` has the last word."""
    draft = _chosen(quote, content, chosen)
    return isinstance(draft, Frozen) and not draft.stops_by_its_lines

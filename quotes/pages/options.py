"""« Mes options »: what the customer may choose on the quote's page, and what it would come to."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from decimal import Decimal

from django.http import QueryDict

from lib import french
from lib.day import today_in_paris
from quotes import rules
from quotes.access import Visit
from quotes.content import ChoiceGroup, Content, DepositFacts, DiscountFacts, LineFacts
from quotes.grounds import Grounds
from quotes.law import vat
from quotes.models import Quote
from quotes.rules import Verb
from quotes.versions.choosing import can_be_chosen_from, may_become, try_out


@dataclass(frozen=True)
class Wish:
    """`chosen` as the form said it, None: nothing was said yet; `refused` tells why that cannot be kept."""

    chosen: frozenset[str] | None = None
    refused: str = ""


@dataclass(frozen=True)
class Offer:
    """An option on the page; one that cannot be chosen by itself is shown without a box."""

    line: LineFacts
    is_checked: bool
    is_offered: bool

    @property
    def cents(self) -> int:
        return cents(self.line.total)

    @property
    def rate(self) -> str:
        return rate(self.line.vat_rate)


@dataclass(frozen=True)
class OfferedGroup:
    """`field` names it in the form."""

    field: str
    group: ChoiceGroup
    offers: tuple[Offer, ...]

    @property
    def is_empty(self) -> bool:
        return not any(offer.is_checked for offer in self.offers)


@dataclass(frozen=True)
class Offered:
    """`sums` reads what the page shows below the options; `facts` is what its script counts with."""

    groups: tuple[OfferedGroup, ...]
    sums: Content
    facts: str
    is_kept: bool  # as wished, it is the version in force
    refused: str
    has_failed: bool
    own_code: bool
    wait_until: str


def read_choice(data: QueryDict, content: Content) -> frozenset[str]:
    """The identities that the form names; « Aucune » names none."""
    names = ["option", *(_field(rank) for rank, group in enumerate(content.choices) if group.name)]
    return frozenset(identity for name in names for identity in data.getlist(name)) - {""}


def of_visit(visit: Visit, wish: Wish) -> Offered | None:
    if not rules.may(Verb.CHOOSE, visit.circumstances):
        return None
    until = visit.code_elsewhere_until
    return offered(visit.quote, visit.content, wish, own_code=visit.own_code, code_elsewhere_until=until)


def offered(
    quote: Quote,
    content: Content,
    wish: Wish,
    *,
    own_code: bool = False,
    code_elsewhere_until: dt.datetime | None = None,
) -> Offered | None:
    """None where nothing is chosen on line: no option, a version frozen too long ago, or stopped by the law."""
    grounds = content.grounds
    if grounds is None or not can_be_chosen_from(content):
        return None
    kept = _identities(content)
    trial = try_out(quote, content, kept)
    if trial.why_not is not None:
        return None
    shown = kept if wish.chosen is None else wish.chosen
    if shown != kept:
        trial = try_out(quote, content, shown)
    return Offered(
        groups=tuple(
            OfferedGroup(_field(rank), group, tuple(_offers(quote, content, group, shown)))
            for rank, group in enumerate(content.choices)
        ),
        sums=trial.content,
        facts=_facts(content, grounds),
        is_kept=shown == kept,
        refused=wish.refused or (trial.why_not.value if trial.why_not else ""),
        has_failed=quote.choice_state == Quote.ChoiceState.FAILED,
        own_code=own_code,
        wait_until=next_minute(code_elsewhere_until) if code_elsewhere_until else "",
    )


def next_minute(until: dt.datetime) -> str:
    """From when on one may try again, told by the minute."""
    return french.hour(until + dt.timedelta(minutes=1))


def _field(rank: int) -> str:
    return f"groupe-{rank}"


def _identities(content: Content) -> frozenset[str]:
    return frozenset(line.identity for line in content.chosen)


def _offers(quote: Quote, content: Content, group: ChoiceGroup, shown: frozenset[str]) -> list[Offer]:
    """Each is tried by itself on the choice that is in force."""
    kept, others = _identities(content), {line.identity for line in group.lines}
    found = []
    for line in group.lines:
        alone = kept ^ {line.identity} if not group.name else (kept - others) | {line.identity}
        can = line.identity in kept or may_become(quote, content, alone)
        found.append(Offer(line, line.identity in shown, can))
    return found


def _facts(content: Content, grounds: Grounds) -> str:
    """For the page's script, which has the rule of quotes/money.py: what counts whatever is chosen, and the rest."""
    always = [line for line in content.lines if line.counts and not line.option]
    sold = {line.identity for line in always}
    zero = vat.zero_rate(
        grounds.vat_regime, grounds.territory, grounds.vat_reason, grounds.vat_detail, on=today_in_paris()
    )
    return json.dumps(
        {
            "lines": [{"cents": cents(line.total), "rate": rate(line.vat_rate)} for line in always],
            "discount": _rule(content.discount) | {"words": _discount_words(content.discount)},
            "deposit": _rule(content.deposit),
            "aids": [
                {
                    "words": aid.words,
                    "cents": cents(aid.amount),
                    "lines": [] if sold & set(aid.lines) else aid.lines,
                }
                for aid in grounds.aids
                if aid.deducted
            ],
            "kept": sorted(_identities(content)),
            "zero": zero.line if zero else "",
        }
    )


def cents(amount: Decimal) -> int:
    return int(amount * 100)


def rate(percent: Decimal) -> str:
    """As a form has it: `20`, `5.5`."""
    return f"{percent.normalize():f}"


def _discount_words(discount: DiscountFacts | None) -> str:
    if discount is None or discount.kind != "percent":
        return "Remise"
    return f"Remise de {french.percent(discount.value)}"


def _rule(agreed: DepositFacts | DiscountFacts | None) -> dict[str, str]:
    return {"kind": agreed.kind, "value": f"{agreed.value:f}"} if agreed else {"kind": "none", "value": ""}

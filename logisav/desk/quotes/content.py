"""A quote as a line of a spreadsheet: what stands in the list, and the sums."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Prefetch, QuerySet

from lib import french
from quotes.content import Content
from quotes.models import Quote, QuoteVersion
from quotes.models.aid import deducted, standing


class QuoteSheet:
    """Sums are those of the version that the customer holds; of a working copy, what its lines make now."""

    def titles(self) -> Sequence[str]:
        return (
            "Numéro", "Objet", "Client", "Mail", "Responsable", "État", "Date du devis", "Valable jusqu'au",
            "Total HT", "TVA", "Total TTC", "Acompte TTC", "Créé le", "Envoyé le", "Accepté le", "Étiquettes",
        )  # fmt: skip

    def prepared(self, rows: QuerySet[Quote]) -> QuerySet[Quote]:
        in_force = QuoteVersion.objects.filter(is_current=True)
        return rows.prefetch_related("lines", "aids", Prefetch("versions", queryset=in_force, to_attr="held"))

    def cells(self, row: Quote) -> Sequence[object]:
        held: list[QuoteVersion] = row.held  # type: ignore[attr-defined]
        content = held[0].reading if held and not row.is_editable else None
        return (
            row.number,
            content.title if content else row.title,
            row.customer.name.replace(french.NBSP, " "),
            row.customer.email,
            row.owner.get_full_name() or row.owner.get_username(),
            row.get_state_display(),
            content.issued_on if content else row.issued_on,
            row.shown_until,
            *_sums(row, content),
            row.created_at,
            row.first_sent_at,
            row.accepted_at,
            row.tags,
        )


def _sums(row: Quote, content: Content | None) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    if content is None:
        lines = list(row.lines.all())
        totals = row.totals_of(lines)
        payable = totals.incl_tax - deducted(standing(row.aids.all(), lines))
        deposit = row.deposit_of(max(payable, Decimal(0)))
    else:
        totals = content.totals
        deposit = content.deposit.amount if content.deposit else Decimal(0)
    return totals.excl_tax, totals.vat_total, totals.incl_tax, deposit

"""What an export of deposits holds: one row a deposit, with the reference that stands on the bank's statement."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from lib import french
from logisav.desk.payments import pills
from payments import rules
from payments.models import BalanceStatus, Deposit
from quotes.money import CENT

TITLES = (
    *("Devis", "Objet", "Client", "Référence", "Demandé le", "Demandé", "Virement annoncé le"),
    *("Reçu", "Reste à recevoir", "Remboursé", "À rendre", "À rendre avant le", "Situation"),
)


class DepositSheet:
    def titles(self) -> Sequence[str]:
        return TITLES

    def prepared(self, rows: QuerySet[Deposit]) -> QuerySet[Deposit]:
        return rows

    def cells(self, row: Deposit) -> Sequence[object]:
        status = rules.balance_status(row)
        is_due_back = status is BalanceStatus.REFUND_DUE
        return (
            row.quote.number,
            row.quote.title,
            row.quote.customer.name.replace(french.NBSP, " "),
            row.reference,
            french.in_paris(row.created_at).date(),
            row.amount,
            row.announced_at and french.in_paris(row.announced_at).date(),
            row.received.quantize(CENT),
            row.remaining.quantize(CENT),
            row.refunded.quantize(CENT),
            (row.owed if is_due_back else row.excess).quantize(CENT),
            rules.refund_by(row.quote) if is_due_back else None,
            pills.words(row),
        )

"""Deposits that were there before get the standing that lists are filtered by."""

from decimal import Decimal
from typing import Any

from django.db import migrations
from django.utils import timezone

FALLEN = ("withdrawn", "cancelled", "refused")
IN_DOUBT = ("pending", "set_aside")
GONE_BACK = ("pending", "succeeded")


def fill(apps: Any, schema_editor: Any) -> None:
    deposits = apps.get_model("payments", "Deposit").objects.using(schema_editor.connection.alias)
    read = deposits.select_related("quote").prefetch_related("payments__refunds")
    for deposit in read.iterator(chunk_size=500):
        deposits.filter(pk=deposit.pk).update(standing=standing(deposit))


def standing(deposit: Any) -> str:
    paid, refunded, in_doubt = Decimal(0), Decimal(0), False
    for payment in deposit.payments.all():
        paid += payment.amount if payment.state == "paid" else 0
        refunded += sum(refund.amount for refund in payment.refunds.all() if refund.state in GONE_BACK)
        in_doubt = in_doubt or payment.state in IN_DOUBT
    received = paid - refunded
    if deposit.quote.state in FALLEN:
        return "refund_due" if received > 0 else "refunded" if refunded else "none"
    if received >= deposit.amount:
        return "overpaid" if received > deposit.amount else "paid"
    if refunded and not received:
        return "refunded"
    if in_doubt:
        return "pending"
    if received:
        return "partial"
    waits = deposit.opens_on is not None and deposit.opens_on > timezone.localdate()
    return "not_yet" if waits else "due"


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_standing")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]

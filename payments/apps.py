from django.apps import AppConfig

from notifications.registry import when_delivered
from quotes.registry import when_refreshed


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = "Acomptes"

    def ready(self) -> None:
        when_delivered("payments", "quotes.emails.delivered")
        when_refreshed("payments.standings.refresh")

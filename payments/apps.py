from django.apps import AppConfig

from notifications.registry import announce_important, when_delivered
from quotes.registry import when_refreshed


class PaymentsConfig(AppConfig):
    name = "payments"
    verbose_name = "Acomptes"

    def ready(self) -> None:
        when_delivered("payments", "quotes.emails.delivered")
        announce_important("deposit", "Acompte payé, annoncé ou reçu en trop")
        when_refreshed("payments.standings.refresh")

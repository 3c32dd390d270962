from django.apps import AppConfig

from notifications.registry import announce_important, when_delivered
from quotes.registry import offer


class SigningConfig(AppConfig):
    name = "signing"
    verbose_name = "Signatures"

    def ready(self) -> None:
        when_delivered("signing", "quotes.emails.delivered")
        offer("signing.desk.ALLOW_MORE_TRIES")
        announce_important("accepted", "Devis accepté et signé")
        announce_important("paused", "Signature en pause après trop d'essais")
        announce_important("contradiction", "Signature arrêtée, le client contredit le devis")
        announce_important("stamp_missing", "Signature qui attend un horodatage")

from django.apps import AppConfig

from notifications import staff_journal


class LogisavConfig(AppConfig):
    name = "logisav"
    verbose_name = "Logisav"

    def ready(self) -> None:
        staff_journal.kept_by("logisav.staff_journal.note")

from django.apps import AppConfig


class StaffConfig(AppConfig):
    """The label is older than the room: tables, rights and addresses bear it."""

    name = "logisav.staff"
    label = "logisav"
    verbose_name = "Logisav"

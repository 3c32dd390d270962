from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Commands and translations of the whole; the label `logisav` belongs to the staff's tables."""

    name = "logisav"
    label = "project"

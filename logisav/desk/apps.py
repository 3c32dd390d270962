from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "logisav.desk"
    label = "desk"
    verbose_name = "Bureau"

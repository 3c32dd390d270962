from django.apps import AppConfig


class LogisavConfig(AppConfig):
    name = "logisav"
    verbose_name = "Logisav"

"""Until now an empty VAT number said « TVA non applicable »: the company's form told so, and its quotes printed it."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def say_franchise(apps: Any, schema_editor: Any) -> None:
    apps.get_model("quotes", "Company").objects.filter(vat_number="").update(vat_regime="franchise")


class Migration(migrations.Migration):
    dependencies = [("quotes", "0021_money_of_a_quote")]

    operations = [migrations.RunPython(say_franchise, migrations.RunPython.noop)]

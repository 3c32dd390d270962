"""What was written freely of the company goes to the new fields where nothing has to be guessed.

A legal form that is one of the choices to the letter becomes it, whatever its case and points; any other is kept beside the
choice. Insurer and mediator cannot be split by a machine: they stay in their old columns. Nobody has agreed to the
terms between businesses that a new company begins with.
"""

from typing import Any

from django.db import migrations

FORMS = {
    **{form: form for form in ("EI", "EURL", "SARL", "SAS", "SASU", "SA", "SCOP")},
    "ENTREPRENEUR INDIVIDUEL": "EI",
    "ENTREPRISE INDIVIDUELLE": "EI",
}


def carry_over(apps: Any, schema_editor: Any) -> None:
    companies = apps.get_model("quotes", "Company").objects.using(schema_editor.connection.alias)
    for company in companies.all():
        written = company.legal_form.strip()
        company.legal_form = FORMS.get(written.upper().replace(".", ""), "")
        company.old_legal_form = "" if company.legal_form else written
        company.payment_days, company.late_rate = None, ""
        company.save(update_fields=["legal_form", "old_legal_form", "payment_days", "late_rate"])


class Migration(migrations.Migration):
    dependencies = [("quotes", "0023_mentions")]
    operations = [migrations.RunPython(carry_over, migrations.RunPython.noop)]

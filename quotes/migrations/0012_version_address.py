"""The mailbox that a version was made for; of older rows the journal tells it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("quotes", "0011_template_keeps_more")]

    operations = [
        migrations.AddField(
            model_name="quoteversion",
            name="email",
            field=models.EmailField(
                blank=True, editable=False, max_length=254, verbose_name="faite pour l'adresse"
            ),
        ),
    ]

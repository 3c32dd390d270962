"""When a version's stored file was found missing or changed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("quotes", "0013_phones_by_digits")]

    operations = [
        migrations.AddField(
            model_name="quoteversion",
            name="damaged_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="fichier trouvé abîmé le"
            ),
        ),
        migrations.AddIndex(
            model_name="quoteversion",
            index=models.Index(
                condition=models.Q(("damaged_at__isnull", False)),
                fields=["damaged_at"],
                name="versions_to_mend",
            ),
        ),
    ]

"""SQLite holds in a column what the column cannot give back: one such total took every list down."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("quotes", "0016_customer_made_by")]

    operations = [
        migrations.RunSQL(
            "UPDATE quotes_quote SET shown_total = 999999999999.99 WHERE shown_total > 999999999999.99",
            reverse_sql=migrations.RunSQL.noop,
        )
    ]

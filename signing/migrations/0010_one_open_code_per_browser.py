from django.db import migrations, models


class Migration(migrations.Migration):
    """Two browsers of one quote may each hold a code; whatever was one a quote is one a browser too."""

    dependencies = [
        ("signing", "0008_small_business"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="signingrequest", name="one_open_code_per_quote"),
        migrations.AddConstraint(
            model_name="signingrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("quote", "browser_sha256"),
                name="one_open_code_per_browser",
            ),
        ),
    ]

"""What the pages that the law asks of a site say, and since when a customer is kept.

Of customers from before nobody knows: they are kept as from this update on.
"""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('quotes', '0024_what_was_written_freely'),
    ]

    operations = [
        migrations.AddField(
            model_name='company',
            name='accessibility',
            field=models.CharField(choices=[('not_assessed', 'Non évaluée'), ('none', 'Non conforme'), ('partial', 'Partiellement conforme'), ('full', 'Totalement conforme')], default='not_assessed', max_length=12, verbose_name='accessibilité des pages'),
        ),
        migrations.AddField(
            model_name='company',
            name='accessibility_gaps',
            field=models.TextField(blank=True, max_length=1000, verbose_name="ce qui n'est pas accessible"),
        ),
        migrations.AddField(
            model_name='company',
            name='accessibility_tested_on',
            field=models.DateField(blank=True, null=True, verbose_name='date du dernier essai'),
        ),
        migrations.AddField(
            model_name='company',
            name='data_email',
            field=models.EmailField(blank=True, max_length=254, verbose_name='adresse mail pour les données personnelles'),
        ),
        migrations.AddField(
            model_name='company',
            name='host',
            field=models.TextField(blank=True, max_length=300, verbose_name='hébergeur : nom et adresse'),
        ),
        migrations.AddField(
            model_name='company',
            name='host_phone',
            field=models.CharField(blank=True, max_length=40, verbose_name="téléphone de l'hébergeur"),
        ),
        migrations.AddField(
            model_name='company',
            name='is_micro',
            field=models.BooleanField(default=False, verbose_name='microentreprise'),
        ),
        migrations.AddField(
            model_name='company',
            name='publication_director',
            field=models.CharField(blank=True, max_length=120, verbose_name='directeur de la publication'),
        ),
        migrations.AddField(
            model_name='customer',
            name='created_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='créé le'),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0005_health_readings'),
    ]

    operations = [
        migrations.CreateModel(
            name='Restoration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('restored_at', models.DateTimeField(verbose_name='restauré le')),
                ('dumped_at', models.DateTimeField(verbose_name='sauvegarde du')),
                ('epoch', models.PositiveIntegerField(verbose_name='époque')),
                ('version_jump', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('findings', models.TextField(db_default='', default='', verbose_name='à rapprocher')),
                ('ready_at', models.DateTimeField(null=True, verbose_name='prêt le')),
                ('opened_at', models.DateTimeField(null=True, verbose_name='rouvert le')),
            ],
            options={
                'verbose_name': 'restauration',
                'default_permissions': (),
            },
        ),
    ]

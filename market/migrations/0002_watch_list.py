from django.conf import settings
from django.db import migrations, models

from market.gnuboard_table import create_if_absent


def create_board_table(apps, schema_editor):
    create_if_absent(schema_editor.connection)


class Migration(migrations.Migration):
    """The watch list is Gnuboard's table: known to Django, made only where the site has none, never altered or dropped."""

    dependencies = [("market", "0001_initial")]

    operations = [
        # Only the key: Django does not compare the fields of an unmanaged model, and they are named by settings.
        migrations.CreateModel(
            name="WatchRow",
            fields=[("wr_id", models.AutoField(primary_key=True, serialize=False, verbose_name="row"))],
            options={
                "verbose_name": "watch list entry",
                "verbose_name_plural": "watch list",
                "db_table": settings.DESK.gnuboard.table,
                "ordering": ["wr_id"],
                "managed": False,
            },
        ),
        # Not atomic: MariaDB commits on DDL, and Django refuses it inside a transaction.
        migrations.RunPython(create_board_table, migrations.RunPython.noop, atomic=False),
    ]

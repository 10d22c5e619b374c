from django.db import migrations


class Migration(migrations.Migration):
    """The database may be the site's own, with an older default, and days have Korean names and reasons."""

    dependencies = [("stockdesk", "0003_calendar")]

    operations = [
        migrations.RunSQL(
            [
                f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
                for table in ("market_marketday", "market_sessionwindow")
            ],
            migrations.RunSQL.noop,
        ),
    ]

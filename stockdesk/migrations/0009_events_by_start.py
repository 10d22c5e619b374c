from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stockdesk", "0008_alert_channels_by_key"),
    ]

    operations = [
        migrations.AddIndex("event", models.Index(fields=["started_at"], name="stockdesk_event_started")),
    ]

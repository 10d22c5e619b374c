from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stockdesk", "0006_alerts"),
    ]

    operations = [
        migrations.AddField("lane", "calls", models.PositiveBigIntegerField(db_default=0, verbose_name="calls")),
        migrations.AddField("lane", "refused", models.PositiveBigIntegerField(db_default=0, verbose_name="refused")),
        migrations.AddField(
            "lane",
            "too_many",
            models.PositiveBigIntegerField(db_default=0, help_text="EGW00201", verbose_name="refused as too many"),
        ),
        migrations.AddField(
            "lane", "unanswered", models.PositiveBigIntegerField(db_default=0, verbose_name="unanswered")
        ),
        migrations.AddField("lane", "unsent", models.PositiveBigIntegerField(db_default=0, verbose_name="not sent")),
        migrations.AddField(
            "pace", "connects", models.PositiveBigIntegerField(db_default=0, default=0, verbose_name="connects")
        ),
    ]

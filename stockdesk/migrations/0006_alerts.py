import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stockdesk", "0005_programs"),
    ]

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), db_index=True, verbose_name="created at"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "opened"),
                            ("reminder", "reminder"),
                            ("recovered", "recovered"),
                            ("news", "news"),
                            ("summary", "daily summary"),
                            ("bound", "too many"),
                            ("test", "test"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[("info", "note"), ("warning", "warning"), ("critical", "critical")],
                        max_length=8,
                        verbose_name="level",
                    ),
                ),
                ("code", models.CharField(db_default="", max_length=40, verbose_name="code")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("body", models.TextField(verbose_name="text")),
            ],
            options={
                "verbose_name": "sent alert",
                "verbose_name_plural": "sent alerts",
                "db_table": "stockdesk_alert",
            },
        ),
        migrations.CreateModel(
            name="AlertKey",
            fields=[
                (
                    "key",
                    models.CharField(
                        db_collation="utf8mb4_bin",
                        max_length=80,
                        primary_key=True,
                        serialize=False,
                        verbose_name="key",
                    ),
                ),
                ("event_id", models.BigIntegerField(db_index=True, null=True, verbose_name="event")),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="keys",
                        to="stockdesk.alert",
                        verbose_name="alert",
                    ),
                ),
            ],
            options={
                "verbose_name": "told",
                "verbose_name_plural": "told",
                "db_table": "stockdesk_alertkey",
            },
        ),
        migrations.CreateModel(
            name="AlertDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(max_length=24, verbose_name="channel")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("sent", "sent"), ("failed", "failed")],
                        db_default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(db_default=0, verbose_name="tries")),
                (
                    "next_try_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="next try at"
                    ),
                ),
                ("sent_at", models.DateTimeField(null=True, verbose_name="sent at")),
                ("error", models.CharField(db_default="", max_length=200, verbose_name="last error")),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="stockdesk.alert",
                        verbose_name="alert",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "db_table": "stockdesk_alertdelivery",
                "indexes": [models.Index(fields=["state", "next_try_at"], name="stockdesk_alert_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("alert", "channel"), name="stockdesk_alert_once_a_channel")
                ],
            },
        ),
        # The database may be the site's own, with an older default, and alerts are Korean.
        migrations.RunSQL(
            [
                f"ALTER TABLE {table} MODIFY {column} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL"
                for table, column in (
                    ("stockdesk_alert", "title varchar(200)"),
                    ("stockdesk_alert", "body longtext"),
                )
            ],
            migrations.RunSQL.noop,
        ),
    ]

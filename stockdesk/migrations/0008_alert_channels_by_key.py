from django.db import migrations, models


def key_of_waiting(apps, schema_editor):
    """What waits while the program is brought up to date goes where it was meant to go."""
    from django.conf import settings

    from stockdesk.alerts.channels import channels

    waiting = apps.get_model("stockdesk", "AlertDelivery").objects.filter(state="waiting")
    for channel in channels(settings.DESK.alerts):
        waiting.filter(channel=channel.name).update(channel_key=channel.key)


class Migration(migrations.Migration):
    dependencies = [
        ("stockdesk", "0007_figures_of_calls_and_connects"),
    ]

    operations = [
        migrations.AddField(
            "alertdelivery",
            "channel_key",
            models.CharField(db_default="", max_length=16, verbose_name="channel"),
        ),
        migrations.RunPython(key_of_waiting, migrations.RunPython.noop),
    ]

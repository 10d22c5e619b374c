"""One right becomes four, and whoever held it becomes a trader: going live and setting up are an owner's now."""

from django.db import migrations


def make_traders(apps, schema_editor):
    """The groups get their rights after the migrations (`stockdesk.access.make_roles`)."""
    User = apps.get_model("auth", "User")
    Group = apps.get_model("auth", "Group")
    holders = User.objects.filter(
        user_permissions__codename="operate_desk", user_permissions__content_type__app_label="trading"
    )
    for user in holders:
        user.groups.add(Group.objects.get_or_create(name="trader")[0])
        # Signals do not reach a migration's models, and a role opens the admin.
        User.objects.filter(pk=user.pk).update(is_staff=True)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("trading", "0005_longer_symbols"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="desk",
            options={
                "permissions": [
                    ("press_kill_switch", "Can press the kill switch and make the stop state stricter"),
                    ("operate_desk", "Can operate the desk: stop, cancel, settle, modes, limits"),
                    ("go_live", "Can switch the desk to live trading"),
                    ("set_up_desk", "Can set up the desk: keys, account, database"),
                ],
                "verbose_name": "desk",
                "verbose_name_plural": "desk",
            },
        ),
        migrations.RunPython(make_traders, migrations.RunPython.noop),
    ]

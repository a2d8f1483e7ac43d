"""The permission group of each role, with the rights of ``team.models.RIGHTS`` at that date."""

from django.db import migrations

from backofficine.team.models import RIGHTS, Right


def make_groups(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    Group = apps.get_model("auth", "Group")
    kind, _created = ContentType.objects.get_or_create(app_label="team", model="right")
    named = {
        codename: Permission.objects.get_or_create(
            content_type=kind, codename=codename, defaults={"name": name}
        )[0]
        for codename, name in Right._meta.permissions
    }
    for role, rights in RIGHTS.items():
        group, _created = Group.objects.get_or_create(name=str(role))
        group.permissions.set([named[right] for right in rights])


class Migration(migrations.Migration):
    dependencies = [
        ("team", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]

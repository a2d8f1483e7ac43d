"""The one row whose number says that products changed."""

from django.db import migrations


def make_rows(apps, schema_editor):
    apps.get_model("catalog", "CatalogVersion").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(make_rows, migrations.RunPython.noop)]

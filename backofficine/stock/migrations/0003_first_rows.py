"""The chain's head and the virtual ends of the ledger: nothing can be posted without them."""

from django.db import migrations


def make_rows(apps, schema_editor):
    apps.get_model("stock", "ChainHead").objects.get_or_create(pk=1)
    Location = apps.get_model("stock", "Location")
    for kind in ("supplier", "patient", "waste", "count", "sync"):
        Location.objects.get_or_create(kind=kind, defaults={"code": kind, "holds_stock": False})


class Migration(migrations.Migration):
    dependencies = [("stock", "0002_initial")]
    operations = [migrations.RunPython(make_rows, migrations.RunPython.noop)]

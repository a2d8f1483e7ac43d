"""The regulated margins from which an unknown purchase price is assumed."""

from datetime import date

from django.db import migrations

SOURCE = (
    "Arrêté du 4 août 1987 relatif aux prix et aux marges des médicaments remboursables, "
    "rédaction du 1er janvier 2020 ; https://www.legifrance.gouv.fr/"
)
VALUES = {
    "margin.wholesaler": "468.97:6.93",
    "margin.pharmacy": "1.91:10 22.90:7 150:5.5 1930:5",
    "margin.wholesaler_floor": "0.30",
    "vat.reimbursed": "2.1",
}


def make_rows(apps, schema_editor):
    Parameter = apps.get_model("pharmacy", "Parameter")
    for key, value in VALUES.items():
        Parameter.objects.get_or_create(
            key=key, valid_from=date(2020, 1, 1), defaults={"value": value, "source": SOURCE}
        )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_first_rows"), ("pharmacy", "0001_initial")]
    operations = [migrations.RunPython(make_rows, migrations.RunPython.noop)]

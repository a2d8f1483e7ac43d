"""How long a promise waits, and how long a name is kept after it is closed."""

from datetime import date

from django.db import migrations

ROWS = [
    ("promise_identity_days", "30",
     "Référentiel CNIL des officines (2022) : durée limitée au besoin ; choix par défaut"),
    ("not_collected_days", "15", "Choix par défaut"),
    ("promise_billed_days", "10", "Règlement délégué (UE) 2016/161, article 13"),
]


def make_rows(apps, schema_editor):
    Parameter = apps.get_model("pharmacy", "Parameter")
    for key, value, source in ROWS:
        Parameter.objects.get_or_create(
            key=key, valid_from=date(2020, 1, 1), defaults={"value": value, "source": source}
        )


class Migration(migrations.Migration):
    dependencies = [
        ("promises", "0003_set_aside_and_name_keys"),
        ("pharmacy", "0001_initial"),
    ]
    operations = [migrations.RunPython(make_rows, migrations.RunPython.noop)]

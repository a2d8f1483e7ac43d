"""Pharmacists may hold a lot: the groups are given the rights of today."""

from importlib import import_module

from django.db import migrations

make_groups = import_module("backofficine.team.migrations.0002_roles").make_groups


class Migration(migrations.Migration):
    dependencies = [("team", "0004_opening_reasons")]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("stock", "0006_historyvoid")]

    operations = [
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(fields=["product", "expires_on", "id"], name="lots_of_product"),
        ),
        migrations.AddIndex(
            model_name="balance",
            index=models.Index(
                fields=["lot", "location", "on_hand"], condition=Q(on_hand__gt=0),
                name="held_of_lot",
            ),
        ),
    ]

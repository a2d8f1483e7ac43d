"""Django's registration of the app, and the one signal of the house."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "backofficine.kernel"
    label = "kernel"

    def ready(self) -> None:
        # The only signal allowed here: migrations drop triggers in silence, so each migrate ends
        # by putting them back. `kernel` is the last app listed, so every table exists by then.
        from django.db.models.signals import post_migrate  # noqa: TID251

        from backofficine.kernel.append_only import install_after_migrate

        post_migrate.connect(install_after_migrate, sender=self)

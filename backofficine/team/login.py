"""The password form: allauth's, without the address by which nobody here can be reached."""

from typing import Any

from allauth.account.forms import LoginForm


class PasswordForm(LoginForm):
    """No “forgotten password?”: the owner gives a new one, since no e-mail address is kept."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

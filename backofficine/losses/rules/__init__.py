"""The rules of the loss ledger, one file each. A new rule is a class here and a line in RULES."""

from backofficine.losses.rules.base import Period, Rule
from backofficine.losses.rules.breakage import Breakage
from backofficine.losses.rules.expired import Expired
from backofficine.losses.rules.not_found import ProductNotFound
from backofficine.losses.rules.promise import Promised
from backofficine.losses.rules.stock_error import WrongRecord

RULES: tuple[Rule, ...] = (Expired(), Breakage(), Promised(), ProductNotFound(), WrongRecord())
BY_KEY: dict[str, Rule] = {rule.key: rule for rule in RULES}

__all__ = ["BY_KEY", "RULES", "Period", "Rule"]

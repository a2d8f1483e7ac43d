"""The sub-commands of ordering, one file per flow."""

from backofficine.planning.commands import plan, propose, train

COMMANDS = [*propose.COMMANDS, *plan.COMMANDS, *train.COMMANDS]

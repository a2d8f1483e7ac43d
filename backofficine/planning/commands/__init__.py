"""The sub-commands of ordering, one file per flow."""

from backofficine.planning.commands import propose, train

COMMANDS = [*propose.COMMANDS, *train.COMMANDS]

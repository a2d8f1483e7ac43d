"""``python -m backofficine``: the same program as ``backofficine``."""

import sys

from backofficine.cli import main

if __name__ == "__main__":
    sys.exit(main())

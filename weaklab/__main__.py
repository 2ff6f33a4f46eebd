"""``python -m weaklab`` is the command line."""

import sys

from weaklab.cli import main

if __name__ == "__main__":
    sys.exit(main())

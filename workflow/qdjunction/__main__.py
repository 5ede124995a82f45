"""``python -m qdjunction``."""

import sys

from qdjunction.cli import main

sys.exit(main())

"""``python -m qdjunction.cli``."""

import sys

from qdjunction.cli import main

sys.exit(main())

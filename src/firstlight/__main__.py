"""`python -m firstlight` is `firstlight`."""

from __future__ import annotations

import sys

from firstlight.cli.main import main

sys.exit(main())

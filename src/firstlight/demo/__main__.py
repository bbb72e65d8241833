"""`python -m firstlight.demo`: the same as `firstlight demo`, without the rest of the command line."""

from __future__ import annotations

import argparse
import sys

from firstlight.demo.command import add_arguments, main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="firstlight demo", description="A small shop that misbehaves on schedule.")
    add_arguments(parser)
    sys.exit(main(parser.parse_args()))

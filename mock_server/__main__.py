"""`python -m mock_server` is `dgharness serve`: the one module here that knows the command line above it."""

import sys

from harness.cli import main

if __name__ == "__main__":
    main(["serve", *sys.argv[1:]])

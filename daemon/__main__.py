"""`python -m daemon` is the command line where the console script is not installed."""

from daemon.cli import main

main()

"""`python -m empathy_scan` is the command line."""

from empathy_scan.cli import app

if __name__ == "__main__":
    app()

"""`python -m biasim` is `biasim`."""

from biasim.cli.app import app

if __name__ == "__main__":
    app()

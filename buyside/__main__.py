"""`python -m buyside` is the command `buyside`."""

from buyside.cli.main import main

if __name__ == "__main__":
    main()

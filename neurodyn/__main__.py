"""`python -m neurodyn`: the command line."""

from neurodyn.cli import main

if __name__ == "__main__":
    main(prog_name="neurodyn")

"""``python -m datahall``: the command, for those who know the interpreter and not the PATH."""

from datahall.cli import main

if __name__ == "__main__":
    main()

"""``lctl list_nids`` and ``lctl ping NID``: EMULATED, by LNet's acceptor port; all else is refused."""

import sys

from .nids import LustreError, complain, load, loaded, parse, ping


def main() -> int:
    """Answer as lctl does."""
    match sys.argv[1:]:
        case ["list_nids"]:
            verb, asked = "list_nids", ""
        case ["ping", nid]:
            verb, asked = "ping", nid
        case given:
            why = f"{' '.join(given) or 'nothing'}: not emulated: list_nids or ping NID"
            return complain("lctl", LustreError(22, why))
    try:
        if verb == "list_nids":
            print("\n".join(loaded()))
        else:
            load()  # as the real one, which has the module loaded
            ping(asked)
            print(f"12345-0@lo\n12345-{'@'.join(parse(asked))}")
    except LustreError as failed:
        return complain(f"lctl {verb}", failed)
    print("lctl: EMULATED, a peer is one that answers on LNet's port", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

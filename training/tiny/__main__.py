"""python -m tiny generate|train|mix|export|evaluate|parity: each command tells its options with --help."""

import argparse
import importlib

COMMANDS = ("generate", "train", "mix", "export", "evaluate", "parity")


def main() -> None:
    parser = argparse.ArgumentParser(prog="tiny", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f".{name}", __package__)
        sub = commands.add_parser(name, help=(module.__doc__ or "").splitlines()[0])
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()

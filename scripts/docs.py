"""Keep the generated documents true: `docs.py` writes them, `docs.py --check` fails when one is stale."""

import argparse
import sys

import environment


def main() -> int:
    parser = argparse.ArgumentParser(description="Generate the documents that follow from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a document is stale")
    options = parser.parse_args()
    environment.enter("dev")
    # Here, not above: it imports the rooms, whose packages are found in the environment only.
    import generated  # noqa: PLC0415

    stale = []
    for name, text in generated.documents().items():
        path = environment.ROOT / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not options.check:
            path.write_text(text, "utf-8", newline="\n")
    for name in stale:
        print(f"{name} " + ("is stale: run scripts/docs.py" if options.check else "written"))
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())

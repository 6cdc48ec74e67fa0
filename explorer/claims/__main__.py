"""python -m explorer.claims: put every claim to its test and print what was found as a Markdown table."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from explorer.claims import CARDS, CLAIMS, Card, Verdict


def row(card: Card, verdict: Verdict) -> str:
    """Return one line of the table, with the module of explorer/claims that measures the claim."""
    (what, value), *rest = verdict.measured.items()
    number = f"{what}: {value:.4g}"
    if verdict.interval is not None:
        number += f" [{verdict.interval[0]:.4g}, {verdict.interval[1]:.4g}]"
    others = f"; and {len(rest)} more" if rest else ""
    module = CLAIMS[card.id].__module__.rpartition(".")[2]
    cells = (card.id, f"`{module}`", f"{card.text}: “{card.quote}”", verdict.prediction, number + others)
    holds = "yes" if verdict.holds else "**no**"
    return "| " + " | ".join(cell.replace("|", "¦") for cell in cells) + f" | {holds} |"


def main(argv: list[str] | None = None) -> int:
    """Print the table; return 0 whatever the verdicts are: a claim that does not hold is a finding."""
    parser = argparse.ArgumentParser(prog="python -m explorer.claims", description=__doc__.splitlines()[0])
    parser.add_argument("ids", nargs="*", metavar="ID", help="some claims only (default: all)")
    ids = parser.parse_args(argv).ids or sorted(CLAIMS)
    unknown = [id for id in ids if id not in CLAIMS]
    if unknown:
        parser.error(f"there is no claim {', '.join(unknown)}")
    print("| claim | module | text and sentence | prediction, written beforehand | measured | holds |")
    print("|---" * 6 + "|")
    for id in tqdm(ids, desc="claims", file=sys.stderr):
        print(row(CARDS[id], CLAIMS[id]()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

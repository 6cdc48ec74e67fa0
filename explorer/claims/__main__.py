"""python -m explorer.claims: put every claim to its test and print what was found as a Markdown table."""

from __future__ import annotations

import argparse
import sys

from tqdm import tqdm

from explorer.claims import CARDS, CLAIMS, Card, Verdict


def row(card: Card, verdict: Verdict) -> str:
    """One line of the table."""
    (what, value), *rest = verdict.measured.items()
    number = f"{what}: {value:.4g}"
    if verdict.interval is not None:
        number += f" [{verdict.interval[0]:.4g}, {verdict.interval[1]:.4g}]"
    others = f"; and {len(rest)} more" if rest else ""
    cells = (card.id, f"{card.text}: “{card.quote}”", verdict.prediction, number + others)
    holds = "yes" if verdict.holds else "**no**"
    return "| " + " | ".join(cell.replace("|", "¦") for cell in cells) + f" | {holds} |"


def main(argv: list[str] | None = None) -> int:
    """Print the table; 0 whatever the verdicts are, for a claim that does not hold is a finding."""
    parser = argparse.ArgumentParser(prog="python -m explorer.claims", description=__doc__.splitlines()[0])
    parser.add_argument("ids", nargs="*", metavar="ID", help="some claims only (default: all)")
    ids = parser.parse_args(argv).ids or sorted(CLAIMS)
    unknown = [id for id in ids if id not in CLAIMS]
    if unknown:
        parser.error(f"there is no claim {', '.join(unknown)}")
    print("| claim | text and sentence | prediction, written beforehand | measured | holds |\n|---|---|---|---|---|")
    for id in tqdm(ids, desc="claims", file=sys.stderr):
        print(row(CARDS[id], CLAIMS[id]()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

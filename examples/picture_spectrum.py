"""python -m examples.picture_spectrum [FILE]: which feature sizes of a picture are buried under a noise level.

FILE is a PNG, JPEG or WebP; without one, the example picture of a cat. Prints, for some noise levels, the frequency at
which the picture's radially averaged power spectrum meets the flat spectrum of the noise, and the feature size there.
"""

import sys
from pathlib import Path

import torch

from explorer import examples
from explorer.core.spectra import rapsd
from explorer.core.spectra.annuli import mean_wavenumbers
from explorer.core.spectra.scales import crossover, feature_size
from explorer.errors import ImageRefused
from explorer.images import decode
from explorer.images.decoder import fit, to_data

SIDE = 256  # pixels that the centre square is scaled to


def main(argv: list[str]) -> int:
    """Print the table; return 2, after one line, where the file cannot be used."""
    try:
        picture = decode(Path(argv[0]).read_bytes()) if argv else examples.load("cat")
    except (OSError, ImageRefused) as error:
        print(f"{argv[0]}: {error}", file=sys.stderr)
        return 2
    x0 = torch.from_numpy(to_data(fit(picture, SIDE)))  # (3, SIDE, SIDE), -1 to 1
    power = rapsd(x0).mean(0).numpy()  # mean of the colours
    print(f"{'sigma':>6} {'crossover':>20} {'features lost below':>20}")
    for sigma in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0):
        frequency = crossover(power, sigma, mean_wavenumbers(SIDE, SIDE)).frequency
        print(f"{sigma:6.2f} {frequency:7.3f} cycles/pixel {feature_size(frequency):13.1f} pixels")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

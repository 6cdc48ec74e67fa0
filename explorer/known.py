"""The pictures that the page's ideal denoiser knows by heart: several views of each example picture.

The training pictures are not part of this repository, so the ideal denoiser shown on the page is that of a small set
that everyone can see. It is exact for that set, and it shows what memory without generalisation looks like.
"""

from __future__ import annotations

import numpy as np

from explorer import examples, images

ZOOM = 0.75  # side of a partial view, as a share of the whole
CORNERS = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5))


def known_pictures(size: int) -> np.ndarray:
    """Whole, four corners and centre of every example, each also mirrored: float32 (N, 3, size, size) in [-1, 1]."""
    pictures = []
    for example in examples.EXAMPLES:
        whole = images.fit(examples.load(example.name), size * 2)
        side = round(2 * size * ZOOM)
        windows = [whole]
        for down, right in CORNERS:
            top, left = round(down * (2 * size - side)), round(right * (2 * size - side))
            windows.append(whole[top : top + side, left : left + side])
        for window in windows:
            view = images.to_data(images.fit(window, size))
            pictures += [view, view[:, :, ::-1]]
    return np.stack(pictures)

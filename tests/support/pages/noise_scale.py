"""The first view: what its four canvases must show."""

import numpy as np
from PIL import Image


def shown(x):
    """Data units -> the bytes a canvas shows, as int."""
    return np.clip(np.rint((x + 1) * 127.5), 0, 255).transpose(1, 2, 0).astype(int)


def assert_shows(explorer, engine, request, level):
    """All four canvases hold the engine's arrays at a level; the error travels in 8 bits of its own range."""
    noised = engine.noise(request)
    error = next(a.error[list(a.indices).index(level)] for a in engine.denoise(noised) if level in a.indices)
    sigma = request.sigmas[level]
    assert (explorer.pixels("clean") == noised.picture).all()
    assert np.abs(explorer.pixels("noisy") - shown(noised.x0 + sigma * noised.eps)).max() <= 1
    difference = np.abs(explorer.pixels("denoised") - shown(noised.x0 + error))
    assert difference.mean() < 0.6 and difference.max() <= 2
    predicted = 127.5 + (noised.eps - error / sigma).transpose(1, 2, 0) * 127.5 / 3
    assert np.abs(explorer.pixels("noise") - np.clip(predicted, 0, 255)).mean() < 1


def save(picture, path):
    """Write a picture (H, W, 3) uint8 to a file; returns its path."""
    Image.fromarray(picture).save(path)
    return path

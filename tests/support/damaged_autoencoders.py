"""A folder of autoencoders of which four cannot be loaded, each for another reason."""

import json

DAMAGED = {"vae": "missing", "dae-050": "hash", "ae-conv-16": "hash", "blind": "card"}


def damage(folder):
    """A missing file, one that was cut short, a card with another hash, a card that cannot be read."""
    (folder / "vae.safetensors").unlink()
    path = folder / "dae-050.safetensors"
    path.write_bytes(path.read_bytes()[:100_000])
    card = json.loads((folder / "ae-conv-16.json").read_text())
    (folder / "ae-conv-16.json").write_text(json.dumps({**card, "sha256": "0" * 64}))
    (folder / "blind.json").write_text("{")
    return folder

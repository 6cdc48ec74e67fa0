"""Parts of an answer: what goes in comes out, the oldest goes first, and nobody can guess a name."""

import json
import struct

from explorer.server.blob_store import BlobStore, pack_blob


def test_a_part_unpacks_to_what_was_packed():
    part = pack_blob({"kind": "x", "curve": [1, 2.5]}, b"abc", b"", b"\0" * 9)
    (length,) = struct.unpack_from("<I", part)
    header, rest = json.loads(part[4 : 4 + length]), part[4 + length :]
    assert header == {"kind": "x", "curve": [1, 2.5], "blobs": [3, 0, 9]} and rest == b"abc" + b"\0" * 9


def test_memory_is_bounded_and_the_oldest_goes_first():
    store = BlobStore(max_bytes=1000)
    names = [store.put(bytes(400)) for _ in range(5)]
    assert [store.get(name) is not None for name in names] == [False, False, False, True, True]
    assert len(store.get(store.put(bytes(5000)))) == 5000  # one part is always kept
    assert store.get(names[-1]) is None


def test_what_was_fetched_goes_before_what_was_not():
    store = BlobStore(max_bytes=1000)
    old, fetched = store.put(bytes(400)), store.put(bytes(400))
    assert store.get(fetched) is not None
    store.put(bytes(400))
    assert store.get(fetched) is None and store.get(old) is not None


def test_names_differ_also_for_the_same_part():
    store = BlobStore()
    names = {store.put(b"same") for _ in range(100)}
    assert len(names) == 100 and all(len(name) >= 22 for name in names)
    assert store.get("unknown") is None

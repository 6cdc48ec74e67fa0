"""Waiting for what another thread, process or page brings about: the only place in the tests that sleeps."""

import time

GIVE_UP_S = 60  # until a test gives up; no result depends on how long anything takes


def wait_until(condition, seconds=GIVE_UP_S, every=0.01):
    """Until condition() is true; it is looked at again after `every` seconds. Returns what it gave."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain for {seconds} seconds"
        time.sleep(every)
    return found


def holds_throughout(condition, seconds, every=0.05):
    """Whether condition() is true at each look within so many seconds: nothing can announce that a thing stays away."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not condition():
            return False
        time.sleep(every)
    return True

"""Notice attributes that are read or written without the lock that guards them."""


def watched(kind, names, held):
    """A subclass of `kind` that notes in `unguarded` each of these names touched while not held(instance).

    Nothing is noted until the instance's `unguarded` is set to a list: a constructor needs no lock.
    """

    def note(self, name):
        noted = object.__getattribute__(self, "__dict__").get("unguarded")
        if name in names and noted is not None and not held(self):
            noted.append(name)

    class Watched(kind):
        def __getattribute__(self, name):
            note(self, name)
            return super().__getattribute__(name)

        def __setattr__(self, name, value):
            note(self, name)
            super().__setattr__(name, value)

    return Watched

"""A stand-in for the recording of CUDA graphs, which needs no GPU."""

from explorer.inference.cuda_graphs import Recording


class Recorder:
    """Counts recordings and replays; a replay writes into the output that the recording made."""

    def __init__(self):
        self.recorded, self.replays = 0, 0

    def __call__(self, run):
        self.recorded += 1
        output = run()

        def replay():
            self.replays += 1
            output.copy_(run())

        return Recording(replay, output)

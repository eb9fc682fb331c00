"""How many threads the compiled learner uses: the number that has been fastest."""

from __future__ import annotations

#: Seconds of compiled work after which Python looks at progress and interrupts.
SLICE_SECONDS = 0.2
#: Seconds of work after which a measured speed counts.
TRIAL_SECONDS = 0.02
#: How much of a speed remains after a slice of work that was slower.
FADING = 0.8
#: After so many slices of work the other number of threads is tried again.
RETRY_AFTER = 5


class ThreadChoice:
    """Chooses between one thread and `most` threads: two that wait for each other on a busy machine are slow.

    Learning has the same bits on any number of threads, so it may change on the way. A speed counts once it was
    measured for `TRIAL_SECONDS`: the first minibatches find cold caches, and threads that only begin.
    """

    def __init__(self, most: int) -> None:
        self.speeds: dict[int, float] = dict.fromkeys((most, 1), 0.0)
        self.untried = list(self.speeds)
        self.choices = 0

    @property
    def best(self) -> int:
        """The number of threads that was fastest."""
        return max(self.speeds, key=lambda threads: self.speeds[threads])

    def choose(self) -> int:
        """Choose the number of threads of the next slice of work."""
        if self.untried:
            return self.untried[0]
        self.choices += 1
        others = [threads for threads in self.speeds if threads != self.best]
        return others[0] if others and self.choices % RETRY_AFTER == 0 else self.best

    def minibatches(self, threads: int) -> int:
        """Return how many minibatches make a slice of work, or a trial; a few as long as their speed is unknown."""
        seconds = 2.0 * TRIAL_SECONDS if self.untried or threads != self.best else SLICE_SECONDS
        return max(1, int(seconds * self.speeds[threads])) if self.speeds[threads] else 4

    def record(self, threads: int, count: int, seconds: float) -> None:
        """Remember how fast `count` minibatches were; a slice that was disturbed is not believed at once."""
        believed = FADING * self.speeds[threads] if threads not in self.untried else 0.0
        self.speeds[threads] = max(count / max(seconds, 1e-9), believed)
        if threads in self.untried and seconds >= TRIAL_SECONDS:
            self.untried.remove(threads)

"""Time scales: how fast modes decay, and when error signals arrive."""

"""What is done with a network: the free and the nudged phase, the side network, and other motions."""

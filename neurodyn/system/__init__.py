"""What a network is: its graph, parameters, activations, read-out, stimulus, and its fixed points."""

"""Arrays, kernels, products and functions of numbers: what is computed with, and knows no network."""

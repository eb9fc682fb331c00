"""How time goes on: problems, methods, the compiled stepping loop, and SciPy's methods behind it."""

"""Ready model files (TOML) and small data; read through `neurodyn.models.load`."""

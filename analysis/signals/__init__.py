"""How well the nudged phase and the side network agree, and what spoils it."""

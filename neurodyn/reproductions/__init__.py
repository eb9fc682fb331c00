"""Results of papers, computed anew: one file per reproduction, all of them listed in `catalog`."""

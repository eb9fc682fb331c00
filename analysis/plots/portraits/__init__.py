"""Figures of phase planes, energies, basins and branches."""

"""Phase planes, fixed points, basins, branches and paths of networks."""

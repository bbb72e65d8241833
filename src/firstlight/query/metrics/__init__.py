"""What PromQL reads from the store: series by matchers, their samples, grids the engine computes, and the catalogue."""

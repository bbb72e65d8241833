"""What is measured: one module for each kind of scenario, all of them listed in `every`."""

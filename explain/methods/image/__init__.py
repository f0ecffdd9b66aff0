"""Methods that explain the film: see `explain.methods.registry`."""

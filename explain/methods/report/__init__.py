"""Methods that explain the report: see `explain.methods.registry`."""

"""What a person sees: the page, its widgets and the command line."""

"""How long work says how far it is: the one type that every loop is wrapped by."""

from collections.abc import Callable, Iterable

# Wraps a loop and counts its steps: tqdm, gr.Progress().tqdm, or iter for nobody.
Progress = Callable[[Iterable], Iterable]

# The same for the part of the work that is named.
ProgressOf = Callable[[str], Progress]

# The same for a loop that does not know its own length, which is given beside it.
ProgressTo = Callable[[Iterable, int], Iterable]

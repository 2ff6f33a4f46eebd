"""Code written for Snorkel 0.10 runs here: ``weaklab.snorkel`` has its modules, names, parameters and return types.

Replace ``snorkel`` by ``weaklab.snorkel`` in imports (``weaklab migrate`` does it). Each name is a thin shell over what
weaklab has natively, so it is faster, and right where Snorkel was wrong; where an answer differs,
``docs/howto/from_snorkel.md`` says so and why. New code is better written with :mod:`weaklab` itself.

Like Snorkel's, the package loads its parts when they are imported: ``import weaklab.snorkel.labeling``.
"""

"""Training of classifiers, as in ``snorkel.classification.training``."""

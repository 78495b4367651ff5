"""Search: which settings of a model learn best, tried on a part of its training data that is not learnt."""

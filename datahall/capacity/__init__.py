"""Planning: what a stack costs."""

from datahall.capacity.cost import estimate, to_dict
from datahall.capacity.model import Estimate, Line, NotCounted, Priced, Unpriced

__all__ = ["Estimate", "Line", "NotCounted", "Priced", "Unpriced", "estimate", "to_dict"]

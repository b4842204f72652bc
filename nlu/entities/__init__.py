"""What a message names: numbers, dates, products, contacts. Patterns and a product index, no model."""

from nlu.entities.products import ProductIndex
from nlu.entities.recognise import recognise

__all__ = ["ProductIndex", "recognise"]

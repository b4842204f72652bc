"""Questions answered from the shop's own pages."""

from nlu.pages.reading import Section, read_page, read_pages
from nlu.pages.searching import MarkdownPages, embedding_of
from nlu.pages.surroundings import Embed

__all__ = ["Embed", "MarkdownPages", "Section", "embedding_of", "read_page", "read_pages"]

"""Questions answered from the shop's own pages."""

from nlu.pages.reading import Section, read_page, read_pages
from nlu.pages.searching import Embed, MarkdownPages, embedding_of

__all__ = ["Embed", "MarkdownPages", "Section", "embedding_of", "read_page", "read_pages"]

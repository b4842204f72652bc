"""Questions answered from the shop's own pages."""

from nlu.pages.model import PagesModel
from nlu.pages.reading import Section, read_page, read_pages
from nlu.pages.searching import MarkdownPages

__all__ = ["MarkdownPages", "PagesModel", "Section", "read_page", "read_pages"]

"""The model that answers from the shop's pages, in the making."""

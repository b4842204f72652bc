"""The shop's side over HTTP."""

"""Finding goods by what somebody needs: by words and by meaning, within what must hold."""

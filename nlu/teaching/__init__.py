"""Teaching the model other people's labels: heads on the encoder's vectors, and the encoder itself where asked."""

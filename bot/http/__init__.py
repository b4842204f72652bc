"""What stands between the network and the site: who the client is, and how much of the server one may take."""

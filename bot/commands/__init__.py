"""The commands of `liuke`, a file a group."""

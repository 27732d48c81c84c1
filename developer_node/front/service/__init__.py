"""The nodes of this machine as services: units written, managed, watched and read."""

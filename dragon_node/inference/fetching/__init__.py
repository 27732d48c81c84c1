"""How weights come to this machine, when the owner asks for them: verified, and resumable."""

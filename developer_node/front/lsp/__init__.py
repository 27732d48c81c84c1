"""The editor's side of the failure memory: a language server that any editor can start."""

"""From a tool's output to what it complained about: one file a tool, text in, symptoms out."""

"""From a question to cited lines: find, fuse, prompt, check what was said."""

"""Between messages and tokens: templates, tools, constraints, and tokens read back as speech."""

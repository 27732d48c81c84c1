"""What every daemon does alike: settings, logs, life and death."""

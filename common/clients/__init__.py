"""One client a service; each returns domain types."""

"""The Coordinator: discovers, routes and guards."""

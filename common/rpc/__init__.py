"""gRPC servers, channels, statuses, credentials, tickets and routed calls."""

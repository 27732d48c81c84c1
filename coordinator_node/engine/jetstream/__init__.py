"""The four ports over NATS JetStream."""

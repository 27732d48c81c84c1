"""The only translators between common.model and protobuf."""

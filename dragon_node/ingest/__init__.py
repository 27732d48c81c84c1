"""The way in: admission, batches, chunks and symbols."""

"""The real models, and an engine that a test steps by hand."""

from tests.support.models import models_dir as models_dir

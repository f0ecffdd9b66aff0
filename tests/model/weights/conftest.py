from pathlib import Path

import pytest
from publisher import publish_classifier


@pytest.fixture(scope="session")
def published(tmp_path_factory) -> Path:
    """The published file of a classifier."""
    return publish_classifier(tmp_path_factory.mktemp("published"), "densenet121-res224-rsna")

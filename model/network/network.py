"""The network: film → CNN, report → BERT, β blends them, a head decides."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from model.config import DECISIONS, SINGLE_LABEL, Config
from model.network.encoders import image_encoder
from model.network.encoders.report import ReportEncoder, Tokens, pool_pieces
from model.network.fusions import fusion
from model.network.layers import Beta, Embedding, LogOdds, Projection, ResidualHead

REPORTS_AT_ONCE = 6, 64  # on a CPU, whose cache is small; on anything else


class Pooled(NamedTuple):
    """One vector a modality: all that a decision needs of a case."""

    image: Float[Tensor, "batch image_channels"]
    report: Float[Tensor, "batch report_channels"]


def allowed_beta(has: Float[Tensor, "batch 2"], beta: float | Beta) -> Beta:
    """β as each case allows it: as asked where it has image and report (`has` is 1), 1 or 0 where one is missing."""
    return torch.where(has[:, :1] * has[:, 1:] > 0, beta, has[:, :1])


class Network(nn.Module):
    """v = LN(P_v·pool(CNN(film))), t = LN(P_t·pool(BERT(report))), logits = head(fusion(v, t, β)).

    Where decisions are blended (`fusion_level`), v and t are the log-odds of each finding by one modality alone, and so
    are the logits: fusion(v, t, β).

    Encoders do not depend on β. Whatever explains a decision at many β runs them once and differentiates the small
    graph from `pooled` on.

    Args:
        config: what to build.
        pretrained: start the image encoder from `config.image_weights`; False where a checkpoint follows.
    """

    image_reference: Float[Tensor, "width"]
    report_reference: Float[Tensor, "width"]
    cell_scale: Float[Tensor, ""]
    word_scale: Float[Tensor, ""]
    log_temperature: Float[Tensor, "3"]
    discord_slope: Float[Tensor, ""]
    discord_offset: Float[Tensor, ""]

    def __init__(self, config: Config, pretrained: bool = True):
        super().__init__()
        self.config = config
        weights = config.image_weights if pretrained else "none"
        # What began at random has to learn from its first layer on.
        frozen = 0 if config.image_weights == "none" else config.image_frozen_stride
        digest = config.image_weights_sha256
        self.image_encoder = image_encoder(
            config.image_encoder, config.image_size, config.image_stride, frozen, weights, digest
        )
        # Trunks cut in the middle end in a linear bottleneck; the neck gives the map the sparse, non-negative features
        # that class activation maps were made for.
        blends_decisions = config.fusion_level == DECISIONS
        given, self.image_channels = self.image_encoder.channels, config.image_channels or self.image_encoder.channels
        self.neck: nn.Module = nn.Identity()
        if config.image_channels:
            conv, norm = nn.Conv2d(given, self.image_channels, 1, bias=False), nn.BatchNorm2d(self.image_channels)
            self.neck = nn.Sequential(conv, norm, nn.ReLU())
        elif blends_decisions:
            self.neck = nn.ReLU()  # what published classifiers pool is not negative
        self.report_encoder = ReportEncoder(
            config.report_encoder, config.report_layers, config.max_tokens, config.report_outputs
        )
        findings = len(config.findings)
        width = findings if blends_decisions else config.width

        def projection(channels: int) -> Projection | LogOdds:
            return LogOdds(channels, findings) if blends_decisions else Projection(channels, width, config.dropout)

        self.image_projection = projection(self.image_channels)
        self.report_projection = projection(self.report_encoder.channels)
        self.fusion = fusion(config.fusion, width)
        self.head: nn.Module = nn.Identity()
        if not blends_decisions:
            self.head = ResidualHead(width, findings, config.alpha, config.dropout)
        # The mean embedding over the training studies stands for "nothing known" of a modality.
        for name in ("image_reference", "report_reference"):
            self.register_buffer(name, torch.zeros(width))
        # The logit contribution of a cell or a word that saturates its colour, measured after training.
        for name in ("cell_scale", "word_scale"):
            self.register_buffer(name, torch.ones(()))
        # The logarithm of what divides the logits, a parabola over β, constant first: see `model.training.calibration`.
        self.register_buffer("log_temperature", torch.zeros(3))
        # From how far image and report are apart to the odds that they do not belong together; 0 until calibrated.
        for name in ("discord_slope", "discord_offset"):
            self.register_buffer(name, torch.zeros(()))

    def feature_map(self, films: Float[Tensor, "batch 1 side side"]) -> Float[Tensor, "batch channels rows cols"]:
        """The last feature map of films with values in [0, 1]."""
        return self.neck(self.image_encoder(films))

    def image_maps(
        self, films: Float[Tensor, "batch 1 side side"]
    ) -> tuple[Float[Tensor, "batch texture_channels fine_rows fine_cols"], Float[Tensor, "batch channels rows cols"]]:
        """A finer map, in which textures weigh more than findings, and the last feature map, of films with values in
        [0, 1]."""
        finer, last = self.image_encoder.maps(films)
        return finer, self.neck(last)

    def pool_map(self, features: Float[Tensor, "batch channels rows cols"]) -> Float[Tensor, "batch channels"]:
        """Mean over the cells."""
        return features.mean((2, 3))

    def pool_report(
        self, ids: Int[Tensor, "batch pieces"], mask: Int[Tensor, "batch pieces"]
    ) -> Float[Tensor, "batch channels"]:
        """The pooled report, from its word pieces."""
        return pool_pieces(self.report_encoder(self.report_encoder.embed(ids), mask), mask)

    def encode_reports(
        self, reports: list[str]
    ) -> Iterator[tuple[list[int], Tokens, Float[Tensor, "some pieces channels"]]]:
        """Word pieces of reports, and what the encoder makes of these, a few of like length at a time: padding to the
        longest of all is most of the work otherwise. First the positions of these few."""
        device = self.image_reference.device
        order = sorted(range(len(reports)), key=lambda i: len(reports[i]))
        size = REPORTS_AT_ONCE[device.type != "cpu"]
        for some in (order[start : start + size] for start in range(0, len(order), size)):
            tokens = Tokens(*(t.to(device) for t in self.report_encoder.tokenize([reports[i] for i in some])))
            yield some, tokens, self.report_encoder(self.report_encoder.embed(tokens.ids), tokens.mask)

    def pool_reports(self, reports: list[str]) -> Float[Tensor, "batch channels"]:
        """The pooled vectors of reports."""
        order, pooled = [], []
        for some, tokens, hidden in self.encode_reports(reports):
            order += some
            pooled.append(pool_pieces(hidden, tokens.mask))
        return torch.cat(pooled)[torch.tensor(order).argsort()]

    def embed(self, pooled: Pooled) -> tuple[Embedding, Embedding]:
        """v and t: the normalised embeddings of image and report."""
        return self.image_projection(pooled.image), self.report_projection(pooled.report)

    def decide(self, image: Embedding, report: Embedding, beta: Beta) -> Float[Tensor, "batch findings"]:
        """Calibrated logits from embeddings at β, the weight of the image in [0, 1]."""
        return self.head(self.fusion(image, report, beta)) / self.temperature(beta)

    def temperature(self, beta: Beta) -> Float[Tensor, "batch 1"]:
        """What the head's logits are divided by at β, so that probabilities are as often right as they say."""
        constant, linear, square = self.log_temperature
        return torch.exp(constant + linear * beta + square * beta**2)

    def forward(self, pooled: Pooled, beta: Beta) -> Float[Tensor, "batch findings"]:
        """Logits from pooled vectors at β."""
        return self.decide(*self.embed(pooled), beta)

    @torch.no_grad()
    def set_references(self, pooled: Pooled, has: Float[Tensor, "batch 2"]) -> None:
        """Let the mean embedding over the studies that have a modality stand for "nothing known" of it."""
        for buffer, embedded, present in zip(
            (self.image_reference, self.report_reference), self.embed(pooled), has.T, strict=True
        ):
            if present.any():
                buffer.copy_(embedded[present > 0].mean(0))

    def probabilities(self, logits: Float[Tensor, "... findings"]) -> Float[Tensor, "... findings"]:
        """Softmax over findings, or a sigmoid each, as `problem_type` says."""
        single = self.config.problem_type == SINGLE_LABEL
        return logits.softmax(-1) if single else logits.sigmoid()

    def log_odds(self, logits: Float[Tensor, "... findings"]) -> Float[Tensor, "... findings"]:
        """log(p / (1 − p)) of the probability of each finding: what is explained. With a sigmoid each that is the
        logit. Of a softmax a logit alone says nothing: it can rise while the probability falls, as the others rise
        more; zₖ − log Σ_{j≠k} exp zⱼ rises and falls with pₖ."""
        if self.config.problem_type != SINGLE_LABEL:
            return logits
        itself = torch.eye(logits.shape[-1], dtype=torch.bool, device=logits.device)
        others = logits[..., None, :].expand(*logits.shape, logits.shape[-1])
        return logits - others.masked_fill(itself, -torch.inf).logsumexp(-1)

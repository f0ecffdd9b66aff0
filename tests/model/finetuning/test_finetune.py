"""Learning from corrections: the reviewers' labels win, the rest is not forgotten, wrong evidence loses weight."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from helpers import REPORT, random_film, small_network
from sklearn.metrics import log_loss, roc_auc_score

from explain.methods.base import Batch, Question
from explain.methods.registry import method
from model.errors import TrainingError
from model.evaluation.compare_versions import compare_scored
from model.feedback.corrections import Correction
from model.finetuning.evidence_loss import box_loss, cells_inside, evidence_loss, evidence_penalty, mark
from model.finetuning.finetune import Recipe, finetune, finetune_dataset
from model.finetuning.label_noise import MOST_OF_TABLE, forward_loss, mistakes
from model.inference.embeddings import PooledStudies
from model.inference.engine import Engine
from model.inference.predictions import score
from model.network.network import Pooled
from model.network.preprocess import Box
from model.studies.table import Study

FINDINGS = ("Cardiomegaly", "Effusion", "Pneumothorax")


def correction(study_id: str, **fields) -> Correction:
    empty = {"labels": {}, "reviewers": 1, "tied": (), "report": REPORT, "wrong_regions": (), "wrong_words": ()}
    return Correction(study_id, **(empty | fields))


def agreeing(studies) -> dict[str, Correction]:
    """Corrections that say of each finding what the table says."""
    return {s.study_id: correction(s.study_id, labels={f: f in s.labels for f in FINDINGS}) for s in studies}


def made_up(n: int, seed: int = 0) -> tuple[tuple[Study, ...], PooledStudies]:
    """Studies whose first and second pooled number, in both modalities, say what they have."""
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 3)) < 0.4
    image, report = rng.normal(0, 1, (n, 64)), rng.normal(0, 1, (n, 384))
    for part in (image, report):
        part[:, :3] += 6 * truth
    labels = [frozenset(f for f, yes in zip(FINDINGS, row, strict=True) if yes) for row in truth]
    studies = tuple(Study(str(i), None, "x", x, str(i), "train") for i, x in enumerate(labels))
    pooled = (image.astype(np.float32), report.astype(np.float32))
    return studies, PooledStudies(
        tuple(s.study_id for s in studies), *pooled, np.ones((n, 2), np.float32), np.zeros((n, 1))
    )


def auroc(network, studies, pooled, index: int) -> float:
    with torch.no_grad():
        logits = network(Pooled(*map(torch.from_numpy, pooled[1:3])), torch.full((len(studies), 1), 0.5))
    return roc_auc_score([FINDINGS[index] in s.labels for s in studies], logits[:, index])


def test_lessons_hold_the_reviewers_labels_beside_the_tables():
    studies, pooled = made_up(4)
    found = {"1": correction("1", labels={"Effusion": "Effusion" not in studies[1].labels})}
    data = finetune_dataset(FINDINGS, studies[1:3], pooled, found)
    assert data.judged.tolist() == [[False, True, False], [False] * 3]
    assert (data.table != data.labels).tolist() == [[False, True, False], [False] * 3]
    np.testing.assert_array_equal(data.pooled.image.numpy(), pooled.image[1:3])


def test_a_model_taught_wrong_is_put_right_and_forgets_nothing():
    studies, pooled = made_up(600)
    test, test_pooled = made_up(300, 1)
    rng = np.random.default_rng(2)
    wrong = rng.random(len(studies)) < 0.45
    flipped = tuple(s._replace(labels=s.labels ^ {"Effusion"}) if w else s for s, w in zip(studies, wrong, strict=True))
    network = small_network()
    finetune(
        network, finetune_dataset(FINDINGS, flipped, pooled, agreeing(flipped)), Recipe(passes=8, learning_rate=3e-3)
    )
    broken = [auroc(network, test, test_pooled, i) for i in range(3)]
    data = finetune_dataset(FINDINGS, flipped, pooled, agreeing(studies[:150]))
    assert finetune(network, data, Recipe(passes=20, learning_rate=1e-3))
    tuned = [auroc(network, test, test_pooled, i) for i in range(3)]
    assert broken[1] < 0.9
    assert tuned[1] - broken[1] > 0.5 * (1 - broken[1])
    assert min(tuned[0] - broken[0], tuned[2] - broken[2]) > -0.01
    assert not any(p.requires_grad for p in network.parameters())
    torch.testing.assert_close(network.image_reference, network.embed(data.pooled)[0].mean(0))


def test_nothing_but_projections_fusion_and_head_changes():
    network = small_network()
    before = copy.deepcopy(network.state_dict())
    studies, pooled = made_up(12)
    finetune(
        network,
        finetune_dataset(FINDINGS, studies, pooled, {"3": correction("3", labels={"Effusion": True})}),
        Recipe(passes=3),
    )
    changed = {k.split(".")[0] for k, v in network.state_dict().items() if not torch.equal(v, before[k])}
    learnt = {"image_projection", "report_projection", "head"}
    assert learnt <= changed <= learnt | {"fusion", "image_reference", "report_reference"}


def test_without_a_correction_there_is_nothing_to_learn():
    studies, pooled = made_up(6)
    with pytest.raises(TrainingError, match="split train"):
        finetune(small_network(), finetune_dataset(FINDINGS, studies, pooled, {}), Recipe())


def test_ctrl_c_keeps_what_was_learnt_so_far():
    studies, pooled = made_up(40)
    data = finetune_dataset(FINDINGS, studies, pooled, {"1": correction("1", labels={"Effusion": True})})

    def interrupted(steps):
        yield next(iter(steps))
        raise KeyboardInterrupt

    network = small_network()
    before = network.head.out.weight.clone()
    assert not finetune(network, data, Recipe(), progress=interrupted)
    assert not torch.equal(network.head.out.weight, before)
    assert not network.training


def test_what_reviewers_contradict_everywhere_is_their_mistake_and_the_rest_the_tables():
    rng = torch.Generator().manual_seed(0)
    truth = (torch.rand(4000, 3, generator=rng) < 0.3).float()
    table = truth.clone()
    flip = torch.rand(4000, generator=rng) < 0.3
    table[flip, 1] = 1 - table[flip, 1]
    said = torch.where(torch.rand(4000, 3, generator=rng) < 0.05, 1 - truth, truth)
    found = mistakes(table, said, torch.ones(4000, 3, dtype=torch.bool))
    assert found.of_reviewers == pytest.approx(0.05, abs=0.01)
    torch.testing.assert_close(found.of_table, torch.tensor([0, 0.3, 0]), atol=0.02, rtol=0)
    nobody = mistakes(table, said, torch.zeros(4000, 3, dtype=torch.bool))
    assert nobody.of_reviewers == 0 == float(nobody.of_table.sum())
    assert float(mistakes(1 - truth, truth, truth >= 0).of_table.max()) == pytest.approx(MOST_OF_TABLE)


def test_the_loss_without_mistakes_is_cross_entropy_and_with_them_that_of_what_is_seen():
    logits, labels = torch.tensor([[2.0, -1.0, 0.5], [-3.0, 0.0, 1.0]]), torch.tensor([[1.0, 0, 0], [0, 0, 1]])
    none, some = torch.zeros(2, 3), torch.full((2, 3), 0.2)
    assert forward_loss(logits, labels, none, False).mean().item() == pytest.approx(
        F.binary_cross_entropy_with_logits(logits, labels).item(), rel=1e-5
    )
    seen = logits.sigmoid() * 0.8 + (1 - logits.sigmoid()) * 0.2
    assert forward_loss(logits, labels, some, False).mean().item() == pytest.approx(
        log_loss(labels.ravel(), seen.ravel()), rel=1e-5
    )
    assert forward_loss(logits, labels, none, True).mean().item() == pytest.approx(
        F.cross_entropy(logits, labels.argmax(1)).item(), rel=1e-5
    )
    confused = logits.softmax(1) @ torch.full((3, 3), 0.1).fill_diagonal_(0.8)
    assert forward_loss(logits, labels, some, True).mean().item() == pytest.approx(
        F.nll_loss(confused.log(), labels.argmax(1)).item(), rel=1e-5
    )


def test_marked_evidence_is_that_of_grad_cam_and_contextual_cam(engine):
    encoded = engine.encode(random_film(), REPORT)
    box, words = (0.0, 0.0, 0.5, 1.0), ((4, 9),)
    found = mark(engine.network, encoded, (box,), words)
    question = Question(engine, encoded, 1, (0.3,))
    gradient = Batch((question,)).gradient
    cam = method("image", "gradcam").explain(question).scores[0]
    inside = cells_inside((box,), encoded.box, *cam.shape)
    of_cells = (found.cells @ gradient.image[0, 0]) * engine.network.cell_scale
    np.testing.assert_allclose(of_cells.numpy(), cam[inside], atol=1e-6)
    scores = method("report", "contextual_cam").explain(question).scores[0]
    of_words = (found.pieces @ gradient.report[0, 0]).sum() * engine.network.word_scale
    (word,) = [i for i, w in enumerate(question.words) if w.start == 4]
    assert of_words.item() == pytest.approx(float(scores[word]), abs=1e-6)


def test_cells_of_a_region_are_those_of_the_film_inside_its_square():
    film = Box(top=0.25, left=0.0, height=0.5, width=1.0)  # a wide film
    inside = cells_inside(((0.0, 0.5, 1.0, 0.5),), film, 8, 8)
    assert inside.sum() == 16
    assert inside[2:6, 4:].all()
    assert not cells_inside((), film, 8, 8).any()
    small = cells_inside(((0.5, 0.6, 0.01, 0.01),), film, 8, 8)  # between the centres of cells
    assert np.argwhere(small).tolist() == [[4, 4]]


def test_the_penalty_takes_evidence_out_of_the_wrong_place(engine):
    encoded = engine.encode(random_film(), REPORT)
    marks = [mark(engine.network, encoded, ((0.0, 0.0, 0.5, 0.5),), ((0, 20),))]
    studies, pooled = made_up(60)
    data = finetune_dataset(FINDINGS, studies, pooled, agreeing(studies[:30]))
    left = {}
    for weight in (0.0, 10.0):
        network = copy.deepcopy(engine.network)
        finetune(network, data, Recipe(evidence_weight=weight), marks)
        torch.manual_seed(0)
        left[weight] = np.mean([evidence_penalty(network, marks).item() for _ in range(20)])
    assert left[10.0] < 0.5 * left[0.0]


def share_inside(engine: Engine, encoded, finding: str, box: tuple, beta: float = 0.5) -> float:
    """Of what Grad-CAM finds on the film for a finding, the share in a box."""
    question = Question(engine, encoded, FINDINGS.index(finding), (beta,))
    evidence = method("image", "gradcam").explain(question).scores[0].clip(0)
    return evidence[cells_inside((box,), encoded.box, *evidence.shape)].sum() / evidence.sum()


def test_what_lies_beside_the_box_of_a_finding_is_the_share_that_grad_cam_has_there(engine):
    encoded, box = engine.encode(random_film(), ""), (0.0, 0.0, 0.5, 1.0)  # of a film alone every β is 1
    marks = [mark(engine.network, encoded, (), (), (("Effusion", *box), ("Scoliosis", *box)))]
    assert list(marks[0].boxes) == [FINDINGS.index("Effusion")]
    beside = 1 - share_inside(engine, encoded, "Effusion", box, beta=1.0)
    assert 0 < beside < 1
    for loss in (box_loss, evidence_loss):  # the same, where no evidence was marked as wrong
        assert loss(engine.network, marks).item() == pytest.approx(beside, abs=1e-5)


def test_evidence_moves_into_the_box_in_which_a_finding_is(engine):
    encoded, box = engine.encode(random_film(), REPORT), (0.0, 0.5, 0.5, 0.5)
    marks = [mark(engine.network, encoded, (), (), (("Effusion", *box),))]
    studies, pooled = made_up(60)
    data = finetune_dataset(FINDINGS, studies, pooled, agreeing(studies[:30]))
    shares = {}
    for weight in (0.0, 1.0):
        network = copy.deepcopy(engine.network)
        finetune(network, data, Recipe(evidence_weight=weight), marks)
        shares[weight] = share_inside(Engine(network, "", engine.device), encoded, "Effusion", box)
    assert shares[1.0] > 2 * shares[0.0]


def test_two_models_are_compared_on_the_same_resamples(engine):
    studies, pooled = made_up(80)
    worse = Engine(copy.deepcopy(engine.network), "", engine.device)
    good = copy.deepcopy(engine.network)
    data = finetune_dataset(FINDINGS, studies, pooled, agreeing(studies))
    finetune(good, data, Recipe(passes=20, learning_rate=3e-3))
    good = Engine(good, "", engine.device)
    of_worse, of_good = (score(e, pooled.embedded(e), studies).concordant() for e in (worse, good))
    same = compare_scored(engine.network, of_worse, of_worse)
    assert (same.macro.value, np.isnan(same.macro.low), np.isnan(same.macro.high)) == (0, True, True)  # no interval
    assert same.worse() == ()
    there = compare_scored(engine.network, of_worse, of_good)
    back = compare_scored(engine.network, of_good, of_worse)
    assert there.per_finding["Effusion"].low > 0
    assert "Effusion" in back.worse()
    assert there.macro.value == pytest.approx(there.after.auroc.mean() - there.before.auroc.mean(), abs=1e-9)

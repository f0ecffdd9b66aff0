"""Review: a case in, a decision with its evidence out."""

import base64
from typing import Any
from weakref import WeakValueDictionary

import gradio as gr

from dashboard.access import audit
from dashboard.access.identity import Role
from dashboard.page.context import Context, Request
from dashboard.page.header import facts
from dashboard.review.case_picker import Question, ids_of, offered_cases
from dashboard.review.dicom_export import dicom_zip
from dashboard.review.explanation_tests import ExplanationTests
from dashboard.review.film_tiles import film_tiles
from dashboard.review.neighbours import neighbours
from dashboard.review.paced import paced, streamed
from dashboard.review.reader_cases import cases_for
from dashboard.review.service import Ask, ReviewService
from dashboard.review.steps import Refused, Staged, Step, Steps, Waiting, refused
from dashboard.review.verdict_form import VerdictForm
from dashboard.serving.model_registry import claim
from dashboard.serving.session import Session
from dashboard.ui.events import AT_ONCE, EVERY, UNLIMITED
from dashboard.ui.i18n import t
from dashboard.ui.payload import as_json, numbered
from dashboard.ui.widgets import widget
from dashboard.ui.widgets.relay import relay
from dashboard.web.gradio import upload_name
from dashboard.web.thread_pools import explaining, in_pool
from explain import Cancelled
from explain.methods.registry import methods_of
from model.errors import AuditError, BetaLensError, CheckpointError
from model.feedback import Flag
from model.inference.encoding import MODALITIES

ORDER = 10
TITLE = "tab.review"

MODEL_CHECK_SECONDS = 3  # seconds between two looks at whether another model is served


def build(ctx: Context) -> None:
    with gr.Row(elem_classes="bl-review", equal_height=False):
        with gr.Column(elem_classes="bl-left", min_width=240):
            cases = widget("cases", offered_cases(ctx.table))
            upload = gr.File(label=t("upload.label"), height=64, elem_classes="bl-upload")
            with gr.Accordion(t("given.title"), open=False, elem_classes="bl-given"):
                report = gr.Textbox(
                    label=t("report.label"),
                    placeholder=t("report.placeholder"),
                    lines=5,
                    max_lines=5,
                    elem_classes="bl-report",
                )
                with gr.Row(elem_classes="bl-ask"):
                    analyse = gr.Button(t("analyse"), variant="primary", elem_classes="bl-analyse", min_width=90)
                    alone = gr.Button(t("analyse.alone"), elem_classes=["bl-analyse", "bl-analyse-alone"], min_width=90)
            form = VerdictForm(ctx)
        with gr.Column(elem_classes="bl-main", min_width=600):
            notice = widget("notice")
            stage = widget("stage", methods=_methods())
            settled, waiting, tested = relay("settled"), relay("waiting"), relay("trust")
            tiles, versions, exported = relay("tiles"), relay("versions"), relay("exported")
            neighbours(ctx)
    _on_opening(ctx, cases, upload, report, analyse, alone, notice, stage, waiting, form)
    _on_beta(ctx, settled)
    _on_looking_closer(ctx, stage, tiles)
    _on_comparing(ctx, stage, versions, notice)
    _on_export(ctx, stage, exported)
    form.listen(stage, cases)
    if ctx.serving.versions:
        _on_replacement(ctx, notice, stage, waiting, form)
    _on_standing_still(ctx, stage, tested)


def _on_opening(ctx: Context, cases, upload, report, analyse, alone, notice, stage, waiting, form: VerdictForm) -> None:
    review, staged = ReviewService(ctx.serving), [stage, waiting, notice]
    pages: WeakValueDictionary[str | None, Session] = WeakValueDictionary()  # of the readers, by their number
    shown = [*staged, report, ctx.beta, ctx.beta_ends, form.widget]

    def show(session: Session, ask: Ask, beta: float):
        """The outputs of each step with the open case. Text, film and slider are set by the first one alone, lest they
        undo what the reader does meanwhile."""
        return outputs(session, review.answer(session, ask), beta)

    def open_case(session: Session, ask: Ask, beta: float, digest: str = ""):
        """The same of another case, under the served model or the version of that digest."""
        return outputs(session, review.open(session, ask, digest), beta)

    def explain_again(session: Session, ask: Ask):
        """What each step changes of the stage, where the case and its changes stay."""
        return paced(review.answer(session, ask), _outputs)

    async def outputs(session: Session, steps: Steps, beta: float):
        if session.opened and len(session.opened.encoded.modalities) == 2:
            session.beta = beta
        judged, is_open, notice_now, stage_now = session.flag_id, False, "", None

        def values(step: Step) -> tuple:
            nonlocal is_open, notice_now, stage_now
            if isinstance(step, Refused):
                notice_now = gr.skip()  # it stays
            if isinstance(step, Staged):
                stage_now = step.stage
            if is_open or not isinstance(step, Staged):
                return *_outputs(step), *[gr.skip()] * 4
            is_open = True
            seen = [step.case.case_id, *(change.study_id for change in step.case.changes if change.study_id)]
            assert session.served
            audit.record_shown("review", seen, model=session.served.engine.digest[:12])
            # A change of the case, and taking it back, leave what the reader wrote of it.
            cleared = gr.skip() if session.flag_id == judged else form.fresh(session)
            return step.stage, gr.skip(), notice_now, step.case.report, *_beta_of(session, step), cleared

        try:
            async for shown_now in paced(steps, values):
                yield shown_now
        except AuditError as error:
            session.next_request()
            session.cases = []  # nor is it explained
            yield *_outputs(refused(error)), *[gr.skip()] * 4
            return
        if is_open:
            # Gradio sends the last outputs once more when a function ends, by when the next case may be open.
            yield stage_now, *[gr.skip()] * 6

    def show_study(session: Session, study_id: str, beta: float, finding: str = "", recorded: Flag | None = None):
        digest = recorded.model_digest if recorded else ""
        return open_case(session, lambda r: r.open_study(session, study_id, beta, finding, recorded), beta, digest)

    @streamed
    def open_study(session: Session, beta: float, event: gr.SelectData):
        return show_study(session, event.value, beta)

    async def open_requested(session: Session, beta: float, request: Request | None):
        if request is None:
            return
        if request.beta is not None:
            beta = session.beta = request.beta
        flag = request.recorded
        if request.study_id:
            opened = show_study(session, request.study_id, beta, request.finding, flag)
        elif flag:
            opened = open_case(
                session, lambda r: r.open_kept(session, ctx.feedback, beta, flag), beta, flag.model_digest
            )
        else:
            return
        async for values in opened:
            yield values

    @streamed
    def begin(session: Session, beta: float, event: gr.EventData, request: gr.Request):
        """Opens what the address of the page names: a study, a finding, β and methods; where it names no study, the
        story to begin with, or the first study of the list."""
        pages[request.session_hash] = session
        session.announced = ctx.serving.now.engine.digest  # by the header
        given = event._data or {}
        for modality in MODALITIES:
            if given.get(modality) in methods_of(modality):
                setattr(session, f"{modality}_method", given[modality])
        study, finding = (str(given.get(key) or "") for key in ("study", "finding"))
        at = given.get("beta")
        if not study:
            study, finding, at = _first(ctx, at)
        if isinstance(at, (int, float)) and 0 <= at <= 1:
            beta = session.beta = float(at)
        return show_study(session, study, beta, finding)

    def leave(request: gr.Request):
        """Nobody waits for what is at work for a page that was closed."""
        if session := pages.get(request.session_hash):
            session.next_request()

    @streamed
    def open_given(session: Session, beta: float, text: str):
        return show(session, lambda r: r.analyse(session, text, beta), beta)

    @streamed
    def open_alone(session: Session, beta: float, text: str):
        return open_case(session, lambda r: r.open_report(session, text, beta), beta)

    async def open_upload(session: Session, beta: float, film: dict[str, Any] | None, text: str | None):
        """A new film does not belong to the report of the study that was open. Where it was dropped there is room for
        the next one, and not the name of its file."""
        stale = session.opened is not None and text == session.opened.report
        given = "" if stale else text
        async for step in open_case(
            session, lambda r: r.open_film(session, upload_name(film), given or "", beta), beta
        ):
            yield None, *step

    @streamed
    def erase(session: Session, beta: float, event: gr.EventData):
        return show(session, lambda r: r.erase(session, event._data.get("mask")), beta)

    @streamed
    def take_report(session: Session, beta: float, event: gr.EventData):
        return show(session, lambda r: r.take_report(session, str(event._data.get("value"))), beta)

    @streamed
    def undo(session: Session, beta: float, event: gr.EventData):
        return show(session, lambda r: r.undo(session, bool(event._data.get("all"))), beta)

    @streamed
    def under_version(session: Session, beta: float, event: gr.EventData):
        return open_case(session, lambda r: r.take_over(session), beta, str(event._data.get("digest") or ""))

    @streamed
    def explain(session: Session, event: gr.SelectData):
        return explain_again(session, lambda r: r.explain(session, event.value))

    @streamed
    def choose_method(session: Session, event: gr.EventData):
        modality, name = (str(event._data.get(key)) for key in ("modality", "name"))
        return explain_again(session, lambda r: r.choose_method(session, modality, name))

    @streamed
    def show_again(session: Session):
        """What the page drew is not what the model says."""
        return explain_again(session, lambda r: r.show_again(session))

    def narrow(session: Session, event: gr.EventData):
        return cases_for(ctx, session, Question.read(event._data))

    inputs = [ctx.session, ctx.beta]
    cases.select(open_study, inputs, shown, **UNLIMITED)
    cases.filter(narrow, ctx.session, cases, **EVERY)
    ctx.request.change(open_requested, [*inputs, ctx.request], shown, **UNLIMITED)
    stage.begin(begin, inputs, shown, **UNLIMITED)
    ctx.page.unload(leave)
    analyse.click(open_given, [*inputs, report], shown, **UNLIMITED)
    alone.click(open_alone, [*inputs, report], shown, **UNLIMITED)
    # Gradio would copy the file under its own name.
    upload.upload(open_upload, [*inputs, upload, report], [upload, *shown], preprocess=False, **UNLIMITED)
    cases.pick(take_report, inputs, shown, **UNLIMITED)
    stage.erase(erase, inputs, shown, **UNLIMITED)
    stage.undo(undo, inputs, shown, **UNLIMITED)
    stage.under_version(under_version, inputs, shown, **UNLIMITED)
    stage.select(explain, ctx.session, staged, **UNLIMITED)
    stage.method(choose_method, ctx.session, staged, **UNLIMITED)
    stage.again(show_again, ctx.session, staged, **UNLIMITED)


def _on_beta(ctx: Context, settled: gr.HTML) -> None:
    """β moves in the browser; behind it the model confirms the numbers."""

    review = ReviewService(ctx.serving)

    def predict_at(session: Session, beta: float) -> str:
        return as_json(review.shown(session).predict_at(session, beta))

    ctx.beta.change(None, ctx.beta, None, js="betalens:setBeta", api_visibility="private")
    ctx.beta.change(
        predict_at,
        [ctx.session, ctx.beta],
        settled,
        queue=False,
        show_progress="hidden",
        trigger_mode="always_last",
        api_name="predict_at",
    )


def _on_looking_closer(ctx: Context, stage: gr.HTML, tiles: gr.HTML) -> None:
    """The film's own pixels, as far as they are looked at. That the case is shown was written down as it was opened."""

    def pixels(session: Session, event: gr.EventData) -> str:
        claim(session)
        return numbered(film_tiles(session, event._data.get("tiles")))

    stage.pixels(pixels, ctx.session, tiles, **AT_ONCE)


def _on_comparing(ctx: Context, stage: gr.HTML, versions: gr.HTML, notice: gr.HTML) -> None:
    """The open case is pinned beside those that follow, or no longer; the page learns under which versions it may show
    them."""
    review = ReviewService(ctx.serving)

    def pin(session: Session, event: gr.EventData):
        review.shown(session).pin(session, str(event._data.get("case")) if event._data.get("on") else "")
        try:
            known, said = ctx.serving.versions.list() if ctx.serving.versions else [], gr.skip()
        except CheckpointError as error:
            known, said = [], Refused("notice.no_versions", str(error), level="info").to_json()
        listed = [{"name": v.name, "digest": v.digest, "promoted": v.promoted} for v in known]
        return numbered({"versions": listed}), said

    stage.pin(pin, ctx.session, [versions, notice], **AT_ONCE)


def _on_export(ctx: Context, stage: gr.HTML, exported: gr.HTML) -> None:
    """The answer on the open film, which its reader sent as DICOM, goes back to them as DICOM."""

    def export(session: Session, beta: float) -> str:
        try:
            audit.require(Role.REVIEWER, "export")
            case = session.opened
            found = dicom_zip(ctx.serving.model_for_session(session), session, case, beta)
            name = case.case_id if case else ""
            audit.record("export", what="dicom", case=name)
        except (BetaLensError, Cancelled) as error:
            return numbered({"error": str(error)})
        return numbered({"name": f"{name}-dicom.zip", "data": base64.b64encode(found).decode()})

    stage.dicom(in_pool(explaining, export), [ctx.session, ctx.beta], exported, **AT_ONCE)


def _on_standing_still(ctx: Context, stage: gr.HTML, tested: gr.HTML) -> None:
    """What stays on the stage is tested; see `dashboard.review.explanation_tests`."""

    async def examine(session: Session, event: gr.EventData):
        examiner = ctx.serving.model_for_session(session).get_or_create(ExplanationTests)
        async for value in paced(examiner.examine(session, int(event.ticket or 0)), lambda step: step):
            if not isinstance(value, Waiting):
                yield value

    stage.examine(examine, ctx.session, tested, **UNLIMITED)


def _on_replacement(ctx: Context, notice: gr.HTML, stage: gr.HTML, waiting: gr.HTML, form: VerdictForm) -> None:
    """A page that is open learns that another model is served, and shows its case under that one, unless it was opened
    under a version of its own."""
    review = ReviewService(ctx.serving)

    async def follow(session: Session):
        served = ctx.serving.now
        announced, session.announced = session.announced, served.engine.digest
        if announced in ("", session.announced):
            yield [gr.skip()] * 5  # nothing at all would empty them
            return
        stays = ctx.serving.model_for_next_request(session) is not served
        said = Refused("notice.model_stays" if stays else "notice.model", served.engine.digest[:12], level="info")
        yield facts(served.engine), gr.skip(), *_outputs(said)
        if stays:
            return
        fresh = True

        def values(step: Step) -> tuple:
            nonlocal fresh
            cleared, fresh = form.fresh(session) if fresh else gr.skip(), False
            return gr.skip(), cleared, *_outputs(step)[:2], gr.skip()

        async for shown in paced(review.answer(session, lambda r: r.show_again(session)), values):
            yield shown

    gr.Timer(MODEL_CHECK_SECONDS).tick(
        follow, ctx.session, [ctx.header, form.widget, stage, waiting, notice], **UNLIMITED
    )


def _first(ctx: Context, asked: Any) -> tuple[str, str, Any]:
    """The study, the finding and the β that a page begins with, which is the one that its address asks for, if any; ""
    for the likeliest finding."""
    if story := ctx.table.stories.opening(ctx.engine.digest):
        return story.study, story.finding, story.beta if asked is None else asked
    return ids_of(offered_cases(ctx.table))[0], "", asked


def _outputs(step: Step) -> tuple:
    """What a step changes of the stage, of the place in line, and of the notice."""
    if isinstance(step, Staged):
        return step.stage, gr.skip(), gr.skip()
    if isinstance(step, Waiting):
        return gr.skip(), step.to_json(), gr.skip()
    return gr.skip(), gr.skip(), step.to_json()


def _methods() -> str:
    """What the stage offers to choose from, with its help."""
    return as_json(
        {
            modality: [
                {"name": m.name, "title": m.title, "help": m.help, "one_sided": m.one_sided}
                for m in methods_of(modality).values()
            ]
            for modality in MODALITIES
        }
    )


def _beta_of(session: Session, step: Staged) -> tuple[float, str]:
    """Where the slider stands, and the modality that fixes it there; "" where the case has both.

    A number, not an update of the slider: of two updates that reach a busy page together, Gradio's client takes from
    the first one what the second lacks, before it is shown.
    """
    present = step.case.encoded.modalities
    return (session.beta, "") if len(present) == 2 else (float(present[0] == "image"), present[0])

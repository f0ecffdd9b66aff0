"""What a film says of its patient goes no further than the process that decodes it."""

import re
from base64 import b64encode

import httpx
import pytest
from e2e.conftest import serving
from e2e.driving import EXACT_LIMIT, NAMELESS, STAGE, upload, wait_for_exact
from patients import left_in, named_films, traces
from playwright.sync_api import expect

# What the server says reaches the page by fetch, streams included.
LISTEN = """
const fetched = window.fetch;
window.heard = [];
window.fetch = async (...asked) => {
  const answer = await fetched(...asked);
  if (!answer.body || !String(answer.url).includes("gradio_api")) return answer;
  const [one, other] = answer.body.tee();
  (async () => {
    const reader = other.pipeThrough(new TextDecoderStream()).getReader();
    for (let part; !(part = await reader.read()).done; ) window.heard.push(part.value);
  })().catch(() => {});
  return new Response(one, { status: answer.status, headers: answer.headers });
};
const Source = window.EventSource;
window.EventSource = function (...asked) {
  const source = new Source(...asked);
  source.addEventListener("message", (event) => window.heard.push(event.data));
  return source;
};
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Where a server of its own keeps verdicts, uploads and whatever else is temporary."""
    return [tmp_path_factory.mktemp(name) for name in ("verdicts", "uploads", "temporary")]


@pytest.fixture(scope="module")
def private_server(folders):
    verdicts, uploads, temporary = folders
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(uploads))
        patch.setenv("TMPDIR", str(temporary))
        yield from serving(verdicts)
    assert left_in(*folders) == []  # of uploads that no page opened either, once the server has stopped


def test_a_film_that_names_its_patient_is_judged_and_no_trace_is_left(private_server, browser, folders):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.add_init_script(LISTEN)
    context.add_init_script(NAMELESS)
    page = context.new_page()
    page.goto(private_server.url)
    wait_for_exact(page)
    cases = set()
    for name, film in named_films().items():
        if not name.endswith(("dcm", "png")):
            continue  # the others take the same way
        upload(page, name, film)
        if "cut" in name:
            expect(page.locator("#bl-notice [role=alert]")).to_contain_text("not accepted", timeout=EXACT_LIMIT)
        else:
            opened = re.compile(f"^film-(?!{'|'.join(c[5:] for c in cases) or 'none'})")
            expect(page.locator(STAGE)).to_have_attribute("data-case", opened, timeout=EXACT_LIMIT)
            cases.add(page.locator(STAGE).get_attribute("data-case"))
            wait_for_exact(page)
            page.locator(".bl-show-numbers").click()  # nobody agrees with what they have not seen
            page.get_by_role("button", name="Agree", exact=True).click()
            expect(page.locator(".bl-outcome")).to_contain_text("Saved.", timeout=EXACT_LIMIT)
        expect(page.locator(".bl-upload input[type=file]")).to_have_count(1)  # room for the next, and no name
        assert traces(page.content(), page.locator("body").inner_text()) == []
    heard = page.evaluate("window.heard")
    assert any("process_completed" in part for part in heard)
    assert traces(*heard) == []
    context.close()
    flags = private_server.flags.read_text()
    assert all(case in flags for case in cases)
    assert len(cases) == 2
    assert left_in(*folders) == []


def test_gradio_answers_with_another_name_and_the_api_says_nothing(private_server):
    for name, film in named_films().items():
        answers = [
            httpx.post(f"{private_server.url}/gradio_api/upload", files={"files": (name, film)}),
            httpx.post(f"{private_server.url}/api/v1/predict", json={"image": b64encode(film).decode()}, timeout=120),
        ]
        assert answers[0].status_code == 200
        assert answers[1].status_code == (422 if "cut" in name else 200)
        assert traces(*(answer.text for answer in answers), *(str(answer.headers) for answer in answers)) == []

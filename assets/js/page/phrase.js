// A line of the phrases, in the language of the page; the value holds its key.
element.replaceChildren(window.BetaLens.phrase("span", JSON.parse(props.value).key));

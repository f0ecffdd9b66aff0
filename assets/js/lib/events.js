// Widgets never reach into one another; they talk through events on the document.
export const on = (name, listener) => document.addEventListener(`betalens:${name}`, (event) => listener(event.detail));
export const emit = (name, detail) => document.dispatchEvent(new CustomEvent(`betalens:${name}`, { detail }));

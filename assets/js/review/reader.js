// The reader's name where nobody has to log in: asked for once, and known for as long as this tab is open.
const STORED = "betalens.reviewer";

// null before it was asked for; "" of who will not say.
export const readerName = () => sessionStorage.getItem(STORED);
/** @param {string} name */
export const rememberName = (name) => sessionStorage.setItem(STORED, name);

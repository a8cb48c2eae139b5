// Buttons that copy a text.

/** flash shows the outcome on a button, for a while. @param {HTMLElement} button @param {string} text */
function flash(button, text) {
  const before = button.dataset.text ?? button.textContent;
  button.dataset.text = before;
  button.textContent = text;
  clearTimeout(Number(button.dataset.timer));
  button.dataset.timer = String(setTimeout(() => { button.textContent = before; }, 2500));
}

/**
 * copyText copies a text, and shows on the button whether that worked. Over plain HTTP there
 * is no clipboard: otherwise says what to do instead.
 * @param {HTMLElement} button @param {string} text @param {string} otherwise
 */
export async function copyText(button, text, otherwise) {
  try {
    await navigator.clipboard.writeText(text);
    flash(button, "Copied");
  } catch {
    flash(button, otherwise);
  }
}

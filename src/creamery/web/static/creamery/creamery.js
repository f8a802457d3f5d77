/* Copy buttons. They are hidden in the page and shown here, because without a script they could do nothing. */
"use strict";

function textOf(button) {
  const source = document.getElementById(button.dataset.copy);
  return source ? source.textContent.trim() : "";
}

/* The clipboard is only open to secure pages; an index on a plain http address falls back to the old command. */
async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

function say(button, words, state) {
  const label = button.querySelector("[data-label]");
  const status = document.getElementById("status");
  const before = label.dataset.label || label.textContent;
  label.dataset.label = before;
  label.textContent = words;
  button.dataset.state = state;
  status.textContent = words;
  window.clearTimeout(button.timer);
  button.timer = window.setTimeout(() => {
    label.textContent = before;
    delete button.dataset.state;
    status.textContent = "";
  }, 2500);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  let done = false;
  try {
    done = await copy(textOf(button));
  } catch {
    done = false;
  }
  button.focus();
  say(button, done ? button.dataset.done : button.dataset.failed, done ? "done" : "failed");
});

for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = false;

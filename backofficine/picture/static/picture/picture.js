// A long request says that it is on its way; without this script the browser's own sign remains.
const forms = document.querySelectorAll("form[data-waits]");

function wait(form, waiting) {
  const said = document.getElementById(form.dataset.waits);
  if (said) said.hidden = !waiting;
  for (const button of form.querySelectorAll("button")) {
    button.classList.toggle("busy", waiting);
    button.toggleAttribute("aria-busy", waiting);
  }
}

for (const form of forms) form.addEventListener("submit", () => setTimeout(() => wait(form, true)));
// Coming back to the page, nothing is on its way any more.
addEventListener("pageshow", () => forms.forEach((form) => wait(form, false)));

"use strict";
// Everything here is a comfort: without it the page shows the same.
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const code = button.previousElementSibling;
    const said = document.querySelector(".said");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
      said.textContent = "Command copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
      said.textContent = "Command selected, copy it with the keyboard";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
// A citation may lie in a closed sheet.
function show() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  const sheet = target && target.closest("details");
  if (sheet && !sheet.open) { sheet.open = true; target.scrollIntoView({ block: "center" }); }
}
addEventListener("hashchange", show);
show();
// Each pane starts at its first cited line, and paper shows what is folded away.
for (const pane of document.querySelectorAll(".scroll")) {
  const row = pane.querySelector("tr.cited, tr.finding");
  if (row && !location.hash) pane.scrollTop = row.offsetTop - pane.clientHeight / 3;
}
addEventListener("beforeprint", () => { for (const each of document.querySelectorAll("details")) each.open = true; });

// Keys that work on every page: "/" to search, "g" then a letter to go somewhere, arrows in the search's answers.
(() => {
  const typing = (element) => element.closest("input, textarea, select, [contenteditable], .ag-cell-inline-editing") !== null;
  let pressedG = 0;
  document.addEventListener("keydown", (event) => {
    const at = event.target instanceof Element ? event.target : document.body;
    const find = at.closest(".find");
    if (find && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const stops = [...find.querySelectorAll(".find-field, .find-hit")];
      const next = stops[stops.indexOf(at) + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) { next.focus(); event.preventDefault(); }
      return;
    }
    if (find && event.key === "Escape") return at.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || typing(at)) return;
    if (event.key === "/") {
      const field = document.querySelector(".find-field");
      if (field) { field.focus(); field.select(); event.preventDefault(); }
    } else if (event.key === "g") {
      pressedG = Date.now();
    } else if (pressedG && Date.now() - pressedG < 1500) {
      pressedG = 0;
      document.querySelector(`.nav-link[data-key="${CSS.escape(event.key)}"]`)?.click();
    }
  });
  // A page that was left open finds out at once that its session has ended.
  document.addEventListener("visibilitychange", async () => {
    if (document.visibilityState !== "visible") return;
    const answer = await fetch("/auth/me", { credentials: "same-origin" }).catch(() => null);
    if (answer?.status === 401) window.location.replace("/auth/sign-in");
  });
})();

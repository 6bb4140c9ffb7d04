// Signing out: here first, then at the sign-in service, where the server says; the socket that closes meanwhile leads nowhere.
let isSigningOut = false;
window.buysideSignOut = async () => {
  isSigningOut = true;
  const answer = await fetch("/auth/sign-out", { method: "POST" }).then((sent) => sent.json()).catch(() => null);
  if (answer?.next) window.location.replace(answer.next);
  else window.location.reload();
};
// A form that was refused: its first refused field is gone to, once the page shows it, unless somebody has gone elsewhere meanwhile.
let sent = null;
document.addEventListener("submit", ({ target }) => { sent = { form: target, from: document.activeElement }; }, true);
window.buysideShowRefused = () => {
  const asked = sent;
  let frames = 60;
  const look = () => {
    const at = document.activeElement;
    if (!asked || asked !== sent || (at !== asked.from && at !== document.body && at !== null)) return;
    const field = asked.form.isConnected ? asked.form.querySelector('[aria-invalid="true"]') : null;
    if (field) field.focus();
    else if ((frames -= 1) > 0) requestAnimationFrame(look);
  };
  requestAnimationFrame(() => requestAnimationFrame(look)); // what the last answer had refused is gone by then
};
// Keys that work on every page: "/" to search, "g" then a letter to go somewhere; arrows in the answers of a field that finds items.
(() => {
  const typing = (element) => element.closest("input, textarea, select, [contenteditable], .ag-cell-inline-editing") !== null;
  let pressedG = 0;
  document.addEventListener("keydown", (event) => {
    const at = event.target instanceof Element ? event.target : document.body;
    const find = at.closest(".find-item");
    if (find && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const stops = [...find.querySelectorAll(".find-field, .find-hit")];
      const next = stops[stops.indexOf(at) + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) { next.focus(); event.preventDefault(); }
      return;
    }
    if (find && event.key === "Escape") return at.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || typing(at)) return;
    if (event.key === "/") {
      const field = document.querySelector(".top .find-field");
      if (field) { field.focus(); field.select(); event.preventDefault(); }
    } else if (event.key === "g") {
      pressedG = Date.now();
    } else if (pressedG && Date.now() - pressedG < 1500) {
      pressedG = 0;
      document.querySelector(`.nav-link[data-key="${CSS.escape(event.key)}"]`)?.click();
    }
  });
  // A page whose session has ended leaves at once: when a socket of it is closed or refused, and when somebody comes back to it.
  let asking = false;
  const leaveIfSignedOut = async () => {
    if (asking || isSigningOut) return;
    asking = true;
    const ask = () => fetch("/auth/me", { credentials: "same-origin" }).catch(() => null);
    let answer = await ask();
    while (!answer) { // the server is away, and may come back without our session
      await new Promise((done) => setTimeout(done, 2000));
      answer = await ask();
    }
    asking = false;
    if (answer.status !== 401 || isSigningOut) return;
    const here = window.location.pathname + window.location.search;
    window.location.replace(`/auth/sign-in?next=${encodeURIComponent(here)}`);
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") leaveIfSignedOut();
  });
  // This script comes before the page's own, which then makes its sockets of this class and no other.
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("close", leaveIfSignedOut);
    }
  };
})();

// What a page keeps outside of itself: its address, so that what is shown can be passed on, and where the next key belongs.
import { useEffect } from "react";

const PATIENCE = 2000; // milliseconds until what is to have the focus must be drawn

export function Address({ path, focus }) {
  useEffect(() => {
    if (path?.startsWith("/") && path !== window.location.pathname + window.location.search) window.history.replaceState(window.history.state, "", path);
  }, [path]);
  useEffect(() => {
    const selector = focus?.slice(focus.indexOf(" ") + 1);
    if (!selector) return undefined;
    const until = Date.now() + PATIENCE;
    const look = () => {
      const at = document.querySelector(selector);
      if (at) { at.focus(); clearInterval(timer); } else if (Date.now() > until) clearInterval(timer);
    };
    const timer = setInterval(look, 30);
    return () => clearInterval(timer);
  }, [focus]);
  return null;
}

// What menus, popovers and dialogs of the grid are made of: they keep the focus inside, close on Escape, and give the focus back.
import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";

const PATHS = {
  glass: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14m9 2-3.8-3.8",
  tray: "M12 4v11m0 0-4-4m4 4 4-4M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3",
  funnel: "M4 5h16l-6.2 7.4V19l-3.6-1.8v-4.8z",
  columns: "M4 5h16v14H4zM10 5v14M15 5v14",
  views: "M5 4h14v17l-7-4.5L5 21z",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "m15 14 5-5-5-5m5 5H10a6 6 0 0 0 0 12h3",
  plus: "M12 5v14M5 12h14",
  cross: "m6 6 12 12M18 6 6 18",
  up: "m6 15 6-6 6 6",
  down: "m6 9 6 6 6-6",
  pin: "M9 4h6l-1 6 3 3v2H7v-2l3-3zM12 15v5",
  keys: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M7 14h10",
  star: "m12 4 2.5 5.2 5.5.8-4 4 1 5.8-5-2.8-5 2.8 1-5.8-4-4 5.5-.8z",
};

export const Icon = ({ name }) => (
  <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
    <path d={PATHS[name]} /></svg>
);

const STOPS = "a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), [tabindex]:not([tabindex='-1'])";
export const root = () => document.querySelector(".radix-themes") ?? document.body;
const stopsIn = (element) => [...element.querySelectorAll(STOPS)].filter((each) => each.getClientRects().length);

// Keeps Tab inside an element, closes on Escape, and on leaving puts the focus back to where it was.
function useInside(box, onClose, isOpen = true) {
  const leave = useRef(onClose);
  leave.current = onClose;
  useEffect(() => {
    if (!isOpen || !box.current) return undefined;
    const element = box.current;
    const before = document.activeElement;
    if (!element.contains(before)) (element.querySelector("[data-first]") ?? stopsIn(element)[0] ?? element).focus();
    const pressed = (event) => {
      if (event.key === "Escape") { event.preventDefault(); leave.current(); return; }
      if (event.key !== "Tab") return;
      const stops = stopsIn(element);
      const [first, last] = [stops[0], stops.at(-1)];
      if (event.shiftKey && document.activeElement === first) { last?.focus(); event.preventDefault(); }
      else if (!event.shiftKey && document.activeElement === last) { first?.focus(); event.preventDefault(); }
    };
    element.addEventListener("keydown", pressed);
    return () => {
      element.removeEventListener("keydown", pressed);
      const isLost = !document.activeElement || document.activeElement === document.body || element.contains(document.activeElement);
      if (isLost && before?.isConnected) before.focus({ preventScroll: true });
    };
  }, [isOpen]);
}

// Keys inside are not keys of the page.
const quietly = (event) => event.stopPropagation();

// Stands beside what it belongs to, above or below as there is room, and is drawn over everything.
export function Floating({ anchor, align = "start", isAbove, className, children, floatRef, ...rest }) {
  const own = useRef(null);
  const box = floatRef ?? own;
  const [place, setPlace] = useState({ left: 0, top: 0, opacity: 0 });
  useLayoutEffect(() => {
    const put = () => {
      const at = typeof anchor === "function" ? anchor() : anchor?.getBoundingClientRect?.() ?? anchor;
      if (!at || !box.current) return;
      const { offsetWidth: width, offsetHeight: height } = box.current;
      const under = window.innerHeight - at.bottom - 8;
      const isUnder = isAbove && at.top > height + 8 ? false : height <= under || under >= at.top;
      const left = align === "end" ? at.right - width : at.left;
      setPlace({
        left: Math.max(8, Math.min(left, window.innerWidth - width - 8)),
        top: isUnder ? at.bottom + 4 : Math.max(8, at.top - height - 4),
        maxHeight: Math.max(140, isUnder ? under : at.top - 16),
      });
    };
    put();
    const watcher = new ResizeObserver(put);
    watcher.observe(box.current);
    window.addEventListener("resize", put);
    window.addEventListener("scroll", put, true);
    return () => { watcher.disconnect(); window.removeEventListener("resize", put); window.removeEventListener("scroll", put, true); };
  }, [anchor, align]);
  return createPortal(<div ref={box} className={`float ${className ?? ""}`} style={place} onKeyDown={quietly} {...rest}>{children}</div>, root());
}

// A box with controls beside a button, or beside any place on the screen.
export function Popover({ anchor, label, align, className, onClose, children }) {
  const box = useRef(null);
  useInside(box, onClose);
  useEffect(() => {
    const pressed = (event) => {
      if (box.current?.contains(event.target) || event.target.closest?.(".float")) return;
      if (anchor?.contains?.(event.target)) return;
      onClose();
    };
    document.addEventListener("pointerdown", pressed, true);
    return () => document.removeEventListener("pointerdown", pressed, true);
  }, [anchor, onClose]);
  return (
    <Floating anchor={anchor} align={align} floatRef={box} className={`popover ${className ?? ""}`} role="dialog" aria-label={label} tabIndex={-1}>
      {children}
    </Floating>
  );
}

// A button that opens a popover. `children` is given a function that closes it.
export function Menu({ name, icon, text, align = "end", look = "plain", title, className, children }) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef(null);
  return (
    <>
      <button ref={button} type="button" className={`button ${look} ${text ? "" : "square"}`} aria-haspopup="dialog" aria-expanded={isOpen}
        aria-label={text ? undefined : name} title={title ?? (text ? undefined : name)} onClick={() => setOpen(!isOpen)}>
        {icon && <Icon name={icon} />}{text}
      </button>
      {isOpen && (
        <Popover anchor={button.current} label={name} align={align} className={className} onClose={() => setOpen(false)}>
          {children(() => setOpen(false))}
        </Popover>
      )}
    </>
  );
}

// A question over the whole page.
export function Modal({ title, says, onClose, className, children }) {
  const box = useRef(null);
  const id = useId();
  useInside(box, onClose);
  return createPortal(
    <div className="modal-shade" onKeyDown={quietly} onPointerDown={(event) => { if (event.target === event.currentTarget) onClose(); }}>
      <div ref={box} role="dialog" aria-modal="true" aria-labelledby={`${id}-title`} aria-describedby={says ? `${id}-says` : undefined}
        tabIndex={-1} className={`modal ${className ?? ""}`}>
        <h2 id={`${id}-title`}>{title}</h2>
        {says && <p id={`${id}-says`} className="quiet">{says}</p>}
        {children}
      </div>
    </div>, root());
}

export const count = (number, one, many = `${one}s`) => `${number.toLocaleString(document.documentElement.lang || undefined)} ${number === 1 ? one : many}`;

// A value that is edited where it stands: reads as text until it is pointed at, saves on Enter or when it is left,
// takes Escape back. What was refused stays as typed, with the sentence beneath it.
import { useEffect, useId, useRef, useState } from "react";

export function InPlace({ label, value, version, kind, options, refused, placeholder, onSave }) {
  const [text, setText] = useState(value ?? "");
  const known = useRef(value ?? "");
  const field = useRef(null);
  const sent = useRef(null);
  const id = useId();

  useEffect(() => {                                   // the server's word counts, but never over what is being typed
    const typing = document.activeElement === field.current && text !== known.current && text !== sent.current;
    known.current = value ?? "";
    if (!refused && !typing) { setText(known.current); sent.current = null; }
  }, [value, version, refused]);

  const save = (next) => {
    if (next === sent.current || (next === known.current && !refused)) return;
    sent.current = next;
    onSave?.(next);
  };
  const common = {
    ref: field, id, "aria-label": label, "aria-invalid": refused ? "true" : "false", "aria-describedby": refused ? `${id}-no` : undefined,
    className: kind === "number" ? "in-place number" : "in-place", placeholder: placeholder || undefined,
  };
  const onChange = (event) => setText(event.target.value);
  const onBlur = () => save(text);
  const onKeyDown = (event) => {
    if (event.key === "Escape" && text !== known.current) {
      event.preventDefault(); event.stopPropagation();
      setText(known.current);
      if (refused) save(known.current);
    } else if (event.key === "Enter" && (kind !== "area" || event.ctrlKey || event.metaKey)) { event.preventDefault(); save(text); }
  };

  let control;
  if (kind === "choice") {
    control = (
      <select {...common} value={text} onChange={(event) => { setText(event.target.value); save(event.target.value); }}>
        {(options ?? []).map((each) => <option key={each.value} value={each.value}>{each.label}</option>)}
      </select>
    );
  } else if (kind === "area") {
    control = <textarea {...common} value={text} rows={Math.max(1, text.split("\n").length)} {...{ onChange, onBlur, onKeyDown }} />;
  } else {
    control = <input {...common} type={kind === "date" ? "date" : "text"} inputMode={kind === "number" ? "decimal" : undefined}
      autoComplete="off" value={text} data-empty={text === "" ? "true" : "false"} {...{ onChange, onBlur, onKeyDown }} />;
  }
  return <span className="in-place-box">{control}{refused ? <span id={`${id}-no`} className="field-error" role="alert">{refused}</span> : null}</span>;
}

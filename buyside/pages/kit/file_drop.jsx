// A place to drop a file on, or to choose one: sends it as it is, tells how much of it has arrived, and why not.
import { useEffect, useId, useRef, useState } from "react";

const SIZES = [[1024 * 1024, "MB"], [1024, "KB"], [1, "bytes"]];
const sized = (bytes) => {
  const [unit, word] = SIZES.find(([each]) => bytes >= each) ?? SIZES[2];
  return `${Math.round((10 * bytes) / unit) / (unit === 1 ? 10 : 10)} ${word}`;
};

export function FileDrop({ label, says, accept, url, most, serial, onSent }) {
  const [over, setOver] = useState(0);                 // entered children: leaving one of them leaves nothing
  const [sending, setSending] = useState(null);        // {name, share}
  const [trouble, setTrouble] = useState("");
  const field = useRef(null);
  const request = useRef(null);
  const id = useId();
  useEffect(() => { setTrouble(""); if (field.current) field.current.value = ""; }, [serial]);
  useEffect(() => () => request.current?.abort(), []);

  const fail = (sentence) => { setSending(null); setTrouble(sentence); if (field.current) field.current.value = ""; };
  const send = (files) => {
    if (!files?.length || sending) return;
    setTrouble("");
    if (files.length > 1) return fail("One file at a time, please.");
    const [file] = files;
    const ending = file.name.slice(file.name.lastIndexOf(".")).toLowerCase();
    if (accept && !accept.split(",").includes(ending)) return fail(`“${file.name}” is not a CSV or Excel file.`);
    if (most && file.size > most) return fail(`“${file.name}” has ${sized(file.size)}; at most ${sized(most)} fit.`);
    if (!file.size) return fail(`“${file.name}” is empty.`);
    const going = new XMLHttpRequest();
    request.current = going;
    going.open("POST", `${url}${url.includes("?") ? "&" : "?"}name=${encodeURIComponent(file.name)}`);
    going.responseType = "json";
    going.upload.onprogress = (event) => event.lengthComputable && setSending({ name: file.name, share: event.loaded / event.total });
    going.onerror = () => fail("The file could not be sent. Is the server there?");
    going.onabort = () => fail("");
    going.onload = () => {
      if (going.status === 401) return window.location.assign("/auth/sign-in");
      if (going.status >= 400 || !going.response?.file) return fail(going.response?.says ?? "The file was not taken.");
      setSending(null);
      if (field.current) field.current.value = "";
      return onSent?.(going.response.file);
    };
    setSending({ name: file.name, share: 0 });
    return going.send(file);
  };

  const percent = Math.round(100 * (sending?.share ?? 0));
  return (
    <div className={over > 0 ? "drop over" : "drop"}
      onDragEnter={(event) => { event.preventDefault(); setOver((n) => n + 1); }} onDragOver={(event) => event.preventDefault()}
      onDragLeave={() => setOver((n) => Math.max(0, n - 1))} onDrop={(event) => { event.preventDefault(); setOver(0); send(event.dataTransfer.files); }}>
      <svg viewBox="0 0 24 24" width="22" height="22" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
        <path d="M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8zM14 3v5h5M12 18v-6m-2.5 2.5L12 12l2.5 2.5" /></svg>
      {sending ? (
        <div className="drop-says" role="status">
          <span>{percent < 100 ? `Sending ${sending.name}` : `Reading ${sending.name}`}</span>
          <progress max="100" value={percent < 100 ? percent : undefined} aria-label={`Sending ${sending.name}`} />
          <button type="button" className="button" onClick={() => request.current?.abort()}>Cancel</button>
        </div>
      ) : (
        <div className="drop-says">
          <label htmlFor={id} className="drop-label">{label}</label>
          <input ref={field} id={id} type="file" accept={accept} aria-describedby={`${id}-says ${id}-no`} onChange={(event) => send(event.target.files)} />
          <span id={`${id}-says`} className="quiet">{says}</span>
        </div>
      )}
      <span id={`${id}-no`} className={trouble ? "field-error" : ""} role="alert">{trouble}</span>
    </div>
  );
}

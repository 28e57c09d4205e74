// Lists refresh themselves when the journal grows. Without this script everything works; it is only less lively.
(() => {
  const main = document.getElementById("main");
  if (!main || !main.dataset.live || !window.EventSource) return;
  let waiting = null;
  const busy = () => {
    const at = document.activeElement;
    return at && main.contains(at) && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName);
  };
  const refresh = async () => {
    waiting = null;
    if (busy()) { waiting = setTimeout(refresh, 2000); return; }
    const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
    if (!page || busy()) return;
    const focused = document.activeElement && document.activeElement.getAttribute("href");
    const opened = [...main.querySelectorAll("details")].map((one) => one.open);
    main.replaceChildren(...page.childNodes);
    main.querySelectorAll("details").forEach((one, index) => { one.open = opened[index] ?? one.open; });
    if (focused) main.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
  };
  const source = new EventSource(main.dataset.live);
  source.addEventListener("fact", () => { waiting ??= setTimeout(refresh, 250); });
})();

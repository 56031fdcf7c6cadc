"use strict";

// The parts of a page that change come over one event stream; ages are kept up to date here.

let serverAheadMs = Number(document.body.dataset.now) * 1000 - Date.now();

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

function inWords(seconds) {
  const size = Math.abs(seconds);
  const [length, unit] = UNITS.find(([length]) => size >= length) ?? [1, "s"];
  const number = Math.floor(size / length);
  return seconds < 0 ? `in ${number} ${unit}` : `${number} ${unit} ago`;
}

function showAges(root) {
  const now = Date.now() + serverAheadMs;
  for (const time of root.querySelectorAll("time")) {
    time.title ||= time.textContent;
    time.textContent = inWords((now - Date.parse(time.dateTime)) / 1000);
  }
}

function replacePart(part, html) {
  const open = [...part.querySelectorAll("details[open]")].map((each) => each.id);
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  part.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus();
  showAges(part);
}

function follow(address) {
  const link = document.getElementById("link");
  const source = new EventSource(address);
  const say = (text, ok) => {
    link.textContent = text;
    link.classList.toggle("lost", !ok);
  };
  source.onopen = () => say("live", true);
  source.onerror = () => {
    say("no connection; trying again", false);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
  };
  source.addEventListener("part", (event) => {
    const { id, html, now } = JSON.parse(event.data);
    serverAheadMs = now * 1000 - Date.now();
    const part = document.getElementById(id);
    if (part) replacePart(part, html);
  });
}

showAges(document);
setInterval(() => showAges(document), 1000);
if (document.body.dataset.live) follow(document.body.dataset.live);

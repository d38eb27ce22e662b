// Local times, keys, values on pointing, and a refresh that keeps filters, focus, scroll and details.
"use strict";

const SECONDS = 15;
const GO = { m: "Models", a: "Alerts", e: "Exchanges", h: "Health", l: "Review" };
const TURN = { n: "next", p: "prev" };
const LOCAL = "modeltap-local-times";
const NEAR = 30;  // pixels from the pointer to a value
let going = false;
let source = "";  // of the area that is refreshed, as the server sent it

// Times: UTC as the server writes them, or local ones.

function isLocal() {
  try {
    return localStorage.getItem(LOCAL) === "1";
  } catch {
    return false;  // the browser keeps nothing for this page
  }
}

function showTimes(root) {
  const local = isLocal();
  for (const time of root.querySelectorAll("time[datetime]")) {
    time.dataset.utc ||= time.textContent;
    const moment = new Date(time.dateTime);
    if (isNaN(moment)) continue;
    const text = moment.toLocaleString([], { dateStyle: "medium", timeStyle: "long" });
    time.title = local ? time.dataset.utc : text;
    time.textContent = local ? text : time.dataset.utc;
  }
  const button = document.getElementById("local-times");
  button.hidden = false;
  button.setAttribute("aria-pressed", String(local));
}

function toggleTimes() {
  try {
    localStorage.setItem(LOCAL, isLocal() ? "0" : "1");
  } catch {
    return;
  }
  showTimes(document);
}

// Boxes that scroll can be focused, so that keys scroll them.

function openBoxes(root) {
  for (const box of root.querySelectorAll(".drawing")) {
    if (box.scrollWidth > box.clientWidth + 1) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "chart, scrolls");
    } else {
      box.removeAttribute("tabindex");
    }
  }
}

// Refresh.

function isBusy() {
  const element = document.activeElement;
  return document.hidden || String(getSelection()).length > 0
    || Boolean(element && element.closest("form, pre, dialog"));
}

function placeOf(element, root) {
  return [...root.querySelectorAll("a[href], summary, [tabindex], button")].indexOf(element);
}

async function refresh() {
  const area = document.querySelector("[data-refresh]");
  if (!area || isBusy()) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok || isBusy()) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-refresh]");
    if (fresh) replace(area, fresh);
  } catch {
    // The server has stopped: the page keeps what it shows.
  }
}

function replace(area, fresh) {
  if (fresh.innerHTML === source) return;
  source = fresh.innerHTML;
  const open = [...area.querySelectorAll("details")].map((details) => details.open);
  const scrolled = [...area.querySelectorAll(".scroll, .drawing")].map((box) => [box.scrollLeft, box.scrollTop]);
  const focused = area.contains(document.activeElement) ? document.activeElement : null;
  const place = focused ? placeOf(focused, area) : -1;
  const href = focused && focused.getAttribute("href");
  area.replaceWith(fresh);
  fresh.querySelectorAll("details").forEach((details, at) => { details.open = open[at]; });
  prepare(fresh);
  fresh.querySelectorAll(".scroll, .drawing").forEach((box, at) => {
    if (scrolled[at]) [box.scrollLeft, box.scrollTop] = scrolled[at];
  });
  const all = [...fresh.querySelectorAll("a[href], summary, [tabindex], button")];
  const again = href ? all.find((element) => element.getAttribute("href") === href) : all[place];
  if (focused && again) again.focus({ preventScroll: true });
}

// Values of charts: the nearest point's, next to the pointer or the finger.

const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
document.body.append(tip);

function nearest(svg, x, y) {
  let best = null, least = NEAR * NEAR;
  for (const point of svg.querySelectorAll(".points > *")) {
    const box = point.getBoundingClientRect();
    const across = box.x + box.width / 2 - x, down = box.y + box.height / 2 - y;
    const distance = across * across + down * down;
    if (distance < least) [best, least] = [point, distance];
  }
  return best;
}

function showTip(event) {
  const svg = event.target.closest && event.target.closest("svg.line-chart");
  const point = svg && nearest(svg, event.clientX, event.clientY);
  const title = point && point.querySelector("title");
  tip.hidden = !title;
  if (!title) return;
  tip.textContent = title.textContent;
  const box = point.getBoundingClientRect();
  const left = Math.min(box.right + 8, document.documentElement.clientWidth - tip.offsetWidth - 4);
  tip.style.left = `${Math.max(4, left) + scrollX}px`;
  tip.style.top = `${box.bottom + 8 + scrollY}px`;
}

document.addEventListener("pointermove", showTip);
document.addEventListener("pointerdown", showTip);

// Keys.

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") tip.hidden = true;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) return;
  if (going && GO[event.key]) {
    const link = [...document.querySelectorAll("nav a")].find((a) => a.textContent === GO[event.key]);
    if (link) link.click();
  } else if (event.key === "?") {
    showKeys();
  } else if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (search) { search.focus(); event.preventDefault(); }
  } else if (event.key === "r") {
    refresh();
  } else if (event.key === "t") {
    toggleTimes();
  } else if (TURN[event.key] && document.querySelector(`a[rel=${TURN[event.key]}]`)) {
    document.querySelector(`a[rel=${TURN[event.key]}]`).click();
  } else if (!going) {
    const button = document.querySelector(`button[data-key="${CSS.escape(event.key)}"]`);
    if (button) button.click();
  }
  going = event.key === "g";
});

function showKeys() {
  const keys = document.getElementById("keys");
  keys.open = !keys.open;
  if (!keys.open) return;
  keys.scrollIntoView({ block: "nearest" });
  keys.querySelector("summary").focus();
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;  // only secure addresses have it; the text can be selected
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
}

// The heat map: a row is one image, which has the values of its cells.

function cellText(image, left) {
  const values = image.dataset.values.split(" ");
  const column = Math.min(Math.floor((left / image.width) * values.length), values.length - 1);
  const { start, end } = image.closest("[data-start]").dataset;
  const seconds = Number(start) + (column * (end - start)) / values.length;
  const feature = new URL(image.closest("a").href).searchParams.get("feature");
  const value = values[column];
  const drift = value.replace(/[!?]$/, "");
  const parts = [drift && `drift ${drift}`, value.endsWith("!") && "alert", value.endsWith("?") && "not tested"];
  const text = parts.filter(Boolean).join(", ") || "no window";
  return `${feature}, ${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC: ${text}`;
}

document.addEventListener("mousemove", (event) => {
  const image = event.target.closest("img[data-values]");
  if (image) image.title = cellText(image, event.offsetX);
});

function prepare(root) {
  showTimes(root);
  openBoxes(root);
}

source = document.querySelector("[data-refresh]")?.innerHTML ?? "";
document.getElementById("local-times").addEventListener("click", toggleTimes);
addEventListener("resize", () => openBoxes(document));
prepare(document);
setInterval(refresh, SECONDS * 1000);

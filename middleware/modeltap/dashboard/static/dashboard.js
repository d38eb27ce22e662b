// Local times, keys, and a refresh that keeps filters, focus and open details.
"use strict";

const SECONDS = 15;
const GO = { m: "Models", a: "Alerts", e: "Exchanges", h: "Health", l: "Review" };
let going = false;

function addLocalTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    time.title = new Date(time.dateTime).toLocaleString() + " (local)";
  }
}

function isBusy() {
  const element = document.activeElement;
  const inForm = element && element.closest("form, a, summary, pre, .scroll");
  return inForm || document.hidden || String(getSelection()).length > 0;
}

async function refresh() {
  const area = document.querySelector("[data-refresh]");
  if (!area || isBusy()) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok || isBusy()) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-refresh]");
    if (!fresh || fresh.innerHTML === area.innerHTML) return;
    const open = [...area.querySelectorAll("details")].map((details) => details.open);
    area.replaceWith(fresh);
    fresh.querySelectorAll("details").forEach((details, place) => { details.open = open[place]; });
    addLocalTimes(fresh);
  } catch {
    // The server has stopped: the page keeps what it shows.
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) return;
  if (going && GO[event.key]) {
    const link = [...document.querySelectorAll("nav a")].find((a) => a.textContent === GO[event.key]);
    if (link) link.click();
  } else if (event.key === "/") {
    const search = document.querySelector("[data-search]");
    if (search) { search.focus(); event.preventDefault(); }
  } else if (event.key === "r") {
    refresh();
  } else if (!going) {
    const button = document.querySelector(`button[data-key="${CSS.escape(event.key)}"]`);
    if (button) button.click();
  }
  going = event.key === "g";
});

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;  // only secure addresses have it; the text can be selected
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
}

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

addLocalTimes(document);
setInterval(refresh, SECONDS * 1000);

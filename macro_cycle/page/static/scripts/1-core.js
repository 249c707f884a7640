// What every drawing needs: the contents, days, numbers in words, elements, and the answer that is chosen.
const contents = JSON.parse(document.getElementById("contents").textContent);
const answers = contents.answers;
const last = answers.known_from.length - 1;
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const SPACE = "\u00a0";

const time = (day) => Date.UTC(+day.slice(0, 4), +day.slice(5, 7) - 1, +day.slice(8, 10));
const dayOf = (day) => `${+day.slice(8, 10)} ${MONTHS[+day.slice(5, 7) - 1]} ${day.slice(0, 4)}`;
const monthOf = (day) => `${MONTHS[+day.slice(5, 7) - 1]} ${day.slice(0, 4)}`;
const byId = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const phaseOf = (label) => label.toLowerCase();
const colorOf = (label) => `phase-${phaseOf(label)}`;
const probabilityOf = (index, label) => answers.probabilities[label]?.[index] ?? 0;

function percent(probability, digits = 1) {
  const value = 100 * probability, least = 10 ** -digits;
  if (value > 0 && value < least / 2) return `under ${least}${SPACE}%`;
  if (value < 100 && value >= 100 - least / 2) return `over ${100 - least}${SPACE}%`;
  return `${value.toFixed(digits)}${SPACE}%`;
}

function points(change) {
  const value = 100 * change, digits = Math.abs(value) < 10 ? 1 : 0;
  if (Math.abs(value) < 0.05) return "0.0";
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
}

function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const line = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
const scale = (from, to, low, high) => (value) => low + ((value - from) / (to - from)) * (high - low);
const words = (content, attributes) => svg("text", attributes, document.createTextNode(content));

// The first answer that was known on a day, or the newest by then.
function standingOn(day) {
  let low = 0, high = last;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (answers.known_from[middle] <= day) low = middle; else high = middle - 1;
  }
  return low;
}

// Month ends between two days, so many that a record without gaps would hold an answer in between if there are two.
const monthsBetween = (from, to) => 12 * (to.slice(0, 4) - from.slice(0, 4)) + (to.slice(5, 7) - from.slice(5, 7));
const followsOn = (earlier, later) => monthsBetween(answers.as_of[earlier], answers.as_of[later]) <= 1;

const chosen = { index: last, day: contents.today };
const drawings = [];
const isToday = () => chosen.index === last;
// Whether the record has answers of the month ends just before the chosen day; and the day that what is shown is as of.
const isHeld = () => monthsBetween(answers.as_of[chosen.index], chosen.day) <= 1;
const dayShown = () => (isToday() || isHeld() ? chosen.day : answers.as_of[chosen.index]);

function choose(index, day) {
  chosen.index = clamp(index, 0, last);
  chosen.day = day ?? (chosen.index === last ? contents.today : answers.known_from[chosen.index]);
  document.body.classList.toggle("past", !isToday());
  for (const draw of drawings) draw();
}

// Draw now, whenever another answer is chosen, and whenever the place changes its width.
function drawing(id, draw) {
  const place = byId(id);
  if (!place) return;
  let width = 0;
  const again = () => { if (width) draw(place, width); };
  drawings.push(again);
  new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now && now !== width) { width = now; again(); }
  }).observe(place);
}

// The chosen day: the slider and the date, and everything in words that follows them.
const slider = byId("travel");

drawings.push(() => {
  const i = chosen.index;
  if (!slider) return;
  slider.value = i;
  slider.setAttribute("aria-valuetext", `As of ${dayOf(chosen.day)}: ${answers.label[i]}, recession ${percent(answers.recession_probability[i])}`);
  byId("travel-day").textContent = dayOf(chosen.day);
  byId("travel-date").value = chosen.day;
  byId("travel-today").disabled = isToday();
  byId("standing").textContent = `As known on ${dayOf(dayShown())}`;
  byId("label").textContent = answers.label[i];
  byId("sentence-label").textContent = `${answers.label[i]}; `;
  byId("sentence-rest").textContent = answers.sentence[i].replace(`${answers.label[i]}; `, "");
  byId("model").textContent = answers.model_version[i];
  byId("data").textContent = answers.data_version[i];
  byId("rests-on").textContent = answers.rests_on[i] ? `It rests on ${answers.rests_on[i]}.` : "";
  byId("caveat").textContent = caveat(i);
  byId("history-note").textContent = isToday() ? "" : `Shown as far as it was known on ${dayOf(chosen.day)}.`;
  bars(i);
  ages(i);
  for (const row of document.querySelectorAll("[data-from]")) row.hidden = row.dataset.from > chosen.day;
});

drawings.push(() => {
  byId("dot").className = `dot ${colorOf(answers.label[chosen.index])}`;
});

function caveat(i) {
  if (isToday()) return "";
  const gap = isHeld() ? "" : `The record has no answer ${i < last ? `between ${dayOf(answers.as_of[i])} and ${dayOf(answers.as_of[i + 1])}` : `after ${dayOf(answers.as_of[i])}`}: this is the last one before ${dayOf(chosen.day)}. `;
  const later = answers.computed_later[i] ? "Computed later, from what was known on that day. " : "";
  return gap + later + (answers.outlook[i] ? "" : "No forecast was kept with this answer.");
}

function bars(i) {
  for (const [j, bar] of [...byId("bars").children].entries()) {
    const p = probabilityOf(i, contents.regimes[j].label);
    bar.querySelector(`.${colorOf(contents.regimes[j].label)}`).setAttribute("width", (100 * p).toFixed(2));
    bar.querySelector("b").textContent = percent(p);
  }
  byId("bars").setAttribute("aria-label", described(i).replace("Business-cycle clock at", "Probability of each regime in"));
}

function ages(i) {
  const rows = byId("ages").tBodies[0].rows;
  contents.series.forEach((series, j) => {
    const newest = series.newest[i];
    rows[j].cells[1].textContent = newest ? periodOf(newest, series.frequency) : "not yet known";
    rows[j].cells[2].textContent = newest ? ageOf(newest, series.frequency) : "";
  });
}

const byDay = (frequency) => frequency === "daily" || frequency === "weekly";
const shortMonth = (day) => `${MONTHS[+day.slice(5, 7) - 1].slice(0, 3)} ${day.slice(0, 4)}`;
const PARTS = { quarterly: ["Q", 3], "half-yearly": ["H", 6], yearly: ["", 12] };

function periodOf(day, frequency) {
  if (!PARTS[frequency]) return (byDay(frequency) ? `${+day.slice(8, 10)} ` : "") + shortMonth(day);
  const [name, months] = PARTS[frequency];
  return (name && `${name}${Math.ceil(day.slice(5, 7) / months)} `) + day.slice(0, 4);
}

function ageOf(period, frequency) {
  if (byDay(frequency)) return `${Math.round((time(dayShown()) - time(period)) / 864e5)} days`;
  const behind = Math.max(0, monthsBetween(period, dayShown()) - (PARTS[frequency]?.[1] ?? 1) + 1);
  return `${behind} month${behind === 1 ? "" : "s"}`;
}

if (slider) {
  slider.addEventListener("input", () => choose(+slider.value));
  byId("travel-date").addEventListener("change", (event) => {
    const day = event.target.value;
    if (day) choose(standingOn(day), day < answers.known_from[0] ? undefined : day > contents.today ? contents.today : day);
  });
  byId("travel-today").addEventListener("click", () => choose(last));
}

// A link may name a day: page.html#2008-09-30.
const asked = location.hash.slice(1);
if (/^\d{4}-\d{2}-\d{2}$/.test(asked) && asked >= answers.known_from[0] && asked <= contents.today) choose(standingOn(asked), asked);
else choose(last);

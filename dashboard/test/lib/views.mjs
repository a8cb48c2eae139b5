// How the page is used: its tabs, and the log-in.

import { patience } from "./browser.mjs";

export const views = ["live", "statistics", "replay", "private"];
export const privatePages = ["alerts", "address", "sensors", "feeds"];

// settled waits until nothing of a panel is still loading.
export async function settled(page, view) {
  const panel = page.locator(`#panel-${view}`);
  await panel.waitFor({ state: "visible" });
  await page.waitForFunction((id) => {
    const visible = [...document.getElementById(id).querySelectorAll(".wait")].filter((note) => note.checkVisibility());
    return visible.length === 0;
  }, `panel-${view}`, { timeout: patience });
  return panel;
}

export async function open(page, view) {
  await page.locator(`#tab-${view}`).click();
  return settled(page, view);
}

export async function logIn(page, user, token) {
  await open(page, "private");
  await page.getByLabel("User").fill(user);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
}

export async function openPrivate(page, name) {
  const titles = { alerts: "Alerts", address: "Address", sensors: "Sensors", feeds: "Feeds" };
  await page.getByRole("group", { name: "Private pages" }).getByRole("button", { name: titles[name] }).click();
  return settled(page, "private");
}

// Starts the page and connects its parts.

import { api } from "./lib/api.js";
import { createFeed } from "./live/feed.js";
import { mountLive } from "./live/live.js";
import { createWorldMap } from "./map/map.js";
import { mountPrivate } from "./private/private.js";
import { createQuestions } from "./lib/questions.js";
import { mountReplay } from "./replay/replay.js";
import { state } from "./lib/state.js";
import { byId } from "./lib/text.js";
import { mountStatistics, kioskPages } from "./statistics/statistics.js";
import { mountTabs } from "./tabs.js";
import { mountToolbar } from "./toolbar.js";
import { createKiosk } from "./kiosk.js";

/** @param {string} view */
const panel = (view) => byId(`panel-${view}`);

const questions = createQuestions({ api, state });
const feed = createFeed({ state });
const kiosk = createKiosk({ api, state, pages: kioskPages });
mountToolbar({ state, feed, kiosk });

// A part animates and asks questions only while visible.
const parts = {
  live: mountLive({ api, questions, state, feed, createWorldMap }),
  statistics: mountStatistics(panel("statistics"), { questions, state }),
  replay: mountReplay(panel("replay"), { api, state, createWorldMap }),
  private: mountPrivate(panel("private"), { api, state }),
};

mountTabs({
  state,
  kiosk,
  shown(view) {
    for (const [name, part] of Object.entries(parts)) {
      if (name === view) part.start();
      else part.stop();
    }
  },
});

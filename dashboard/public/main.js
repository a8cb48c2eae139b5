// Boots the page, and wires its parts together.

import { api } from "./api.js";
import { createFeed } from "./feed.js";
import { mountLive } from "./live.js";
import { WorldMap } from "./map.js";
import { mountPrivate } from "./private.js";
import { mountReplay } from "./replay.js";
import { state } from "./state.js";
import { mountStatistics, wallPages } from "./statistics.js";
import { mountTabs } from "./tabs.js";
import { mountTools } from "./tools.js";
import { createWall } from "./wall.js";

const panel = (view) => document.getElementById(`panel-${view}`);

const feed = createFeed({ state });
const wall = createWall({ api, state, pages: wallPages });
mountTools({ state, feed, wall });

// A part moves and asks only while it is seen.
const parts = {
  live: mountLive({ api, state, feed, WorldMap }),
  statistics: mountStatistics(panel("statistics"), { api, state }),
  replay: mountReplay(panel("replay"), { api, state, WorldMap }),
  private: mountPrivate(panel("private"), { api, state }),
};

mountTabs({
  state,
  wall,
  shown(view) {
    for (const [name, part] of Object.entries(parts)) {
      if (name === view) part.start();
      else part.stop();
    }
  },
});

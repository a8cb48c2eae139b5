// The colors of a map, read from CSS variables.

const series = [1, 2, 3, 4, 5, 6, 7, 8];

/**
 * newContext returns the context of a new canvas.
 * @param {CanvasRenderingContext2DSettings} [settings]
 */
export function newContext(settings) {
  const context = document.createElement("canvas").getContext("2d", settings);
  if (!context) throw new Error("the browser has no 2D canvas");
  return context;
}

/**
 * readTheme returns the colours that an element has, and whether they are for the dark.
 * @param {Element} element
 * @returns {Theme}
 */
export function readTheme(element) {
  const style = getComputedStyle(element);
  const context = newContext({ willReadFrequently: true });
  context.canvas.width = context.canvas.height = 1;
  /** @param {string} name @returns {Rgb} */
  const read = (name) => {
    context.fillStyle = style.getPropertyValue(name).trim();
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
    return [red, green, blue];
  };
  const sea = read("--map-sea");
  return {
    sea,
    land: read("--map-land"),
    border: read("--map-border"),
    heat: read("--map-heat"),
    select: read("--map-select"),
    series: series.map((n) => read(`--series-${n}`)),
    dark: sea[0] * 0.3 + sea[1] * 0.6 + sea[2] * 0.1 < 128,
  };
}

/** css writes a colour. @param {Rgb} color @param {number} [alpha] 0 to 1 */
export function css([red, green, blue], alpha = 1) {
  return `rgb(${red} ${green} ${blue} / ${alpha})`;
}

/** seriesIndex returns 0 to 7 for what lib/palette.js returns for a type. @param {string} color */
export function seriesIndex(color) {
  const n = Number(/--series-(\d)/.exec(color)?.[1]);
  return series.includes(n) ? n - 1 : 0;
}

/** glowSprite is a round light: what a blur would give, drawn once. @param {Rgb} color @param {Rgb} core @param {number} size */
export function glowSprite(color, core, size) {
  return sprite(size, (context, half) => {
    const light = context.createRadialGradient(half, half, 0, half, half, half);
    light.addColorStop(0, css(core));
    light.addColorStop(0.14, css(core, 0.9));
    light.addColorStop(0.24, css(color, 0.65));
    light.addColorStop(0.5, css(color, 0.2));
    light.addColorStop(1, css(color, 0));
    context.fillStyle = light;
    context.fillRect(0, 0, size, size);
  });
}

/** heatSprite is a wider and softer one, without a core. @param {Rgb} color @param {number} size */
export function heatSprite(color, size) {
  return sprite(size, (context, half) => {
    const light = context.createRadialGradient(half, half, 0, half, half, half);
    for (let i = 0; i <= 8; i++) light.addColorStop(i / 8, css(color, (1 - i / 8) ** 2));
    context.fillStyle = light;
    context.fillRect(0, 0, size, size);
  });
}

/** ringSprite is a ring. @param {Rgb} color @param {number} size */
export function ringSprite(color, size) {
  return sprite(size, (context, half) => {
    context.strokeStyle = css(color);
    context.lineWidth = size / 24;
    context.beginPath();
    context.arc(half, half, half - size / 24, 0, 2 * Math.PI);
    context.stroke();
  });
}

/** @param {number} size @param {(context: CanvasRenderingContext2D, half: number) => void} paint */
function sprite(size, paint) {
  const context = newContext();
  context.canvas.width = context.canvas.height = size;
  paint(context, size / 2);
  return context.canvas;
}

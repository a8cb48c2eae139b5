// The colours of a map, read from CSS variables.

const series = [1, 2, 3, 4, 5, 6, 7, 8];

// readTheme gives colours as [red, green, blue], and whether they are for the dark.
export function readTheme(element) {
  const style = getComputedStyle(element);
  const pixel = document.createElement("canvas");
  pixel.width = pixel.height = 1;
  const context = pixel.getContext("2d", { willReadFrequently: true });
  const read = (name) => {
    context.fillStyle = style.getPropertyValue(name).trim();
    context.fillRect(0, 0, 1, 1);
    return Array.from(context.getImageData(0, 0, 1, 1).data.subarray(0, 3));
  };
  const theme = {
    sea: read("--map-sea"),
    land: read("--map-land"),
    border: read("--map-border"),
    heat: read("--map-heat"),
    select: read("--map-select"),
    series: series.map((n) => read(`--series-${n}`)),
  };
  theme.dark = theme.sea[0] * 0.3 + theme.sea[1] * 0.6 + theme.sea[2] * 0.1 < 128;
  return theme;
}

export function css([red, green, blue], alpha = 1) {
  return `rgb(${red} ${green} ${blue} / ${alpha})`;
}

// seriesIndex gives 0 to 7 for what palette.js gives for a type.
export function seriesIndex(color) {
  const n = Number(/--series-(\d)/.exec(color)?.[1]);
  return series.includes(n) ? n - 1 : 0;
}

// glowSprite is a round light: what a blur would give, drawn once.
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

// heatSprite is a wider and softer one, without a core.
export function heatSprite(color, size) {
  return sprite(size, (context, half) => {
    const light = context.createRadialGradient(half, half, 0, half, half, half);
    for (let i = 0; i <= 8; i++) light.addColorStop(i / 8, css(color, (1 - i / 8) ** 2));
    context.fillStyle = light;
    context.fillRect(0, 0, size, size);
  });
}

export function ringSprite(color, size) {
  return sprite(size, (context, half) => {
    context.strokeStyle = css(color);
    context.lineWidth = size / 24;
    context.beginPath();
    context.arc(half, half, half - size / 24, 0, 2 * Math.PI);
    context.stroke();
  });
}

function sprite(size, paint) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  paint(canvas.getContext("2d"), size / 2);
  return canvas;
}

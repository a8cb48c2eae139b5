const spread = 1.3; // degrees

/**
 * jitter moves a source a little, the same way for the same id: many share the
 * middle of their country, and their arcs would be one.
 * @param {Place} source
 * @param {unknown} id
 * @returns {Place}
 */
export function jitter({ lat, lng }, id) {
  const hash = hashOf(String(id));
  const angle = ((hash & 0xffff) / 0x10000) * 2 * Math.PI;
  const reach = spread * Math.sqrt((hash >>> 16) / 0x10000);
  return { lat: Math.max(-90, Math.min(90, lat + reach * Math.sin(angle))), lng: lng + reach * Math.cos(angle) };
}

/** hashOf is FNV-1a with a last round of mixing. @param {string} text */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

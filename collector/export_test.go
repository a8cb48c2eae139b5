package collector

// CheckProxies is for tests that adapt Caddyfiles: those import what imports this package.
var CheckProxies = checkProxies

package app

// For tests that adapt Caddyfiles: those import what imports this package.
var (
	CheckProxies    = checkProxies
	CheckOtherHosts = checkOtherHosts
)

// Package peba is PEBA as a set of Caddy modules: a collector for the alerts of
// honeypot sensors, and the questions that attack maps, bad-IP lists and
// analysts ask about them.
//
// Importing it for its side effects registers every module; that is all this
// package does. The state lives in the app "peba" (package app), the HTTP
// edge in package handlers, the Caddyfile's words in package caddyfile, and `caddy
// peba` in package command.
package peba

import (
	_ "github.com/peba-edge/peba/app"
	_ "github.com/peba-edge/peba/cache/memcached"
	_ "github.com/peba-edge/peba/cache/memory"
	_ "github.com/peba-edge/peba/caddyfile"
	_ "github.com/peba-edge/peba/command"
	_ "github.com/peba-edge/peba/esclient"
	_ "github.com/peba-edge/peba/geo/builtin"
	_ "github.com/peba-edge/peba/geo/mmdb"
	_ "github.com/peba-edge/peba/handlers"
	_ "github.com/peba-edge/peba/notify"
	_ "github.com/peba-edge/peba/store/sqlite"
)

package simulate

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
)

// kind is a kind of honeypot: how often it sends, where it listens and what it
// reports.
type kind struct {
	analyzer string  // its id on every stock T-Pot
	weight   float64 // its share of the messages, in percent
	spread   float64 // the part of the sensors that run it
	services []service
	utc      bool // writes UTC, whatever zone it sends
	mapped   bool // sometimes writes IPv4 sources as ::ffff:a.b.c.d
	// write appends the Requests and AdditionalData of one alert, in the order
	// of the sensors' client.
	write func(*Fleet, *xmlBuffer, *event)
}

type service struct {
	port     int
	protocol string
}

// tcp returns a list of services, most attacked first.
func tcp(ports ...int) []service {
	list := make([]service, len(ports))
	for i, port := range ports {
		list[i] = service{port, "tcp"}
	}
	return list
}

// totalWeight is the sum of all weights.
const totalWeight = 100

var kinds = [...]kind{
	{analyzer: "cowrie-community-01", weight: 60, spread: 0.95, services: tcp(22, 23, 2222, 2323), write: writeCowrie},
	{analyzer: "honeytrap-community-01", weight: 15, spread: 0.95, utc: true, write: writeHoneytrap,
		services: append(tcp(8545, 6379, 80, 8080, 3389, 5900, 81, 8443, 5038, 4443, 9200, 7547, 2375, 10250, 5555, 37215,
			52869, 8088, 7001, 9527), service{1900, "udp"}, service{53, "udp"}, service{123, "udp"})},
	{analyzer: "tanner-community-01", weight: 8, spread: 0.8, services: tcp(80), write: writeTanner},
	{analyzer: "dionaea-community-01", weight: 7, spread: 0.9, mapped: true, write: writeDionaea,
		services: append(tcp(445, 1433, 3306, 21, 135, 81, 1723, 1883, 27017, 42), service{5060, "udp"})},
	{analyzer: "heralding-community-01", weight: 4, spread: 0.7, services: tcp(5900, 1080, 110, 143, 5432, 25, 993, 995, 465), write: writeHeralding},
	{analyzer: "suricata-community-01", weight: 3, spread: 0.7, services: tcp(445, 80, 443, 8080, 3389, 23, 22), write: writeSuricata},
	{analyzer: "conpot-community-01", weight: 1, spread: 0.5, services: tcp(1025, 10001, 2404, 50100), write: writeConpot},
	{analyzer: "adbhoney-community-01", weight: 0.4, spread: 0.5, services: tcp(5555), write: writeADBHoney},
	{analyzer: "elasticpot-community-01", weight: 0.3, spread: 0.5, services: tcp(9200), write: writeElasticpot},
	{analyzer: "mailoney-community-01", weight: 0.3, spread: 0.5, services: tcp(25), write: writePlain("Mail Honeypot mailoney")},
	{analyzer: "rdpy-community-01", weight: 0.3, spread: 0.5, services: tcp(3389), write: writePlain("RDP Honeypot RDPY")},
	{analyzer: "sentrypeer-community-01", weight: 0.3, spread: 0.4, services: []service{{5060, "udp"}}, write: writePlain("Sentrypeer Honeypot")},
	{analyzer: "ciscoasa-community-01", weight: 0.2, spread: 0.4, services: tcp(8443), write: writeCiscoASA},
	{analyzer: "redishoneypot-community-01", weight: 0.2, spread: 0.4, services: tcp(6379), write: writePlain("Redis Honeypot")},
}

// writePlain is for honeypots that report only connections.
func writePlain(description string) func(*Fleet, *xmlBuffer, *event) {
	return func(_ *Fleet, x *xmlBuffer, e *event) {
		x.request("description", description)
		x.raw(e.sensor.identity)
	}
}

// writeHoneytrap writes data received on a port where nothing else listens.
func writeHoneytrap(f *Fleet, x *xmlBuffer, e *event) {
	x.request("description", "NetworkHoneypot Honeytrap v1.1")
	var payload []byte
	if f.chance(8) {
		payload = f.noise(8 + f.random.IntN(200))
	} else {
		payload = f.expand(pick(f, probes), e.target)
	}
	x.openRequest("binary")
	*x = base64.StdEncoding.AppendEncode(*x, payload)
	x.raw("</Request>")
	x.raw(e.sensor.identity)
	x.openData("payload_md5")
	sum := md5.Sum(payload)
	*x = hex.AppendEncode(*x, sum[:])
	x.raw("</AdditionalData>")
}

// writeDionaea writes a connection, often with a dropped file.
func writeDionaea(f *Fleet, x *xmlBuffer, e *event) {
	x.request("description", "Network Honeyport Dionaea v0.1.0")
	if !f.chance(40) {
		x.raw(e.sensor.identity)
		return
	}
	b := pick(f, f.samples)
	x.openRequest(b.kind)
	x.raw(b.base64)
	x.raw("</Request>")
	x.raw(e.sensor.identity)
	x.data("payload_md5", b.md5)
}

// writeTanner writes an HTTP request, its path and as a whole.
func writeTanner(f *Fleet, x *xmlBuffer, e *event) {
	p := pick(f, pages)
	path := f.expand(p.path, e.target)
	x.request("description", "Tanner Honeypot")
	x.openRequest("url")
	*x = appendPercentEncoded(*x, path)
	x.raw("</Request>")
	x.openRequest("raw")
	*x = f.appendHTTPRequest(*x, p, path, e.target)
	x.raw("</Request>")
	x.raw(e.sensor.identity)
}

// heraldingProtocols are heralding's names of its ports.
var heraldingProtocols = map[int]string{5900: "vnc", 1080: "socks5", 110: "pop3", 143: "imap", 5432: "postgresql",
	25: "smtp", 993: "imaps", 995: "pop3s", 465: "smtps"}

// writeHeralding writes credentials.
func writeHeralding(f *Fleet, x *xmlBuffer, e *event) {
	x.request("description", "Heralding Honeypot")
	x.raw(e.sensor.identity)
	protocol := heraldingProtocols[e.port]
	x.data("protocol", protocol)
	if protocol != "vnc" {
		x.data("username", pick(f, mailUsers))
	}
	x.data("password", pick(f, passwords))
}

// writeSuricata writes a rule that fired, sometimes for a known vulnerability.
func writeSuricata(f *Fleet, x *xmlBuffer, e *event) {
	x.request("description", "Suricata Attack")
	x.raw(e.sensor.identity)
	if f.chance(30) {
		x.data("cve_id", pick(f, cves))
	}
}

func writeConpot(f *Fleet, x *xmlBuffer, e *event) {
	t := conpotTalks[f.random.IntN(len(conpotTalks))]
	x.request("description", "Conpot Honeypot")
	if t.request != "" {
		x.openRequest("request")
		x.bytes(f.expand(t.request, e.target))
		x.raw("</Request>")
	}
	x.raw(e.sensor.identity)
	x.data("conpot_data_type", t.kind)
	if t.response != "" {
		x.data("conpot_response", t.response)
	}
}

func writeADBHoney(f *Fleet, x *xmlBuffer, e *event) {
	x.request("description", "ADBHoney Honeypot")
	x.openData("duration")
	x.number(f.random.IntN(60))
	x.raw(".")
	x.number(10 + f.random.IntN(90))
	x.raw("</AdditionalData>")
	if f.chance(70) {
		x.openData("input")
		x.bytes(f.expand(pick(f, shellLines), e.target))
		x.raw("\n</AdditionalData>")
	}
	x.raw(e.sensor.identity)
}

func writeElasticpot(f *Fleet, x *xmlBuffer, e *event) {
	x.request("description", "ElasticSearch Honeypot : Elasticpot")
	path := pick(f, elasticPaths)
	x.openRequest("url")
	*x = appendPercentEncoded(*x, []byte(path))
	x.raw("</Request>")
	x.data("user_agent", pick(f, userAgents))
	x.data("request", "GET "+path)
	x.raw(e.sensor.identity)
	x.data("message", "Scan")
}

func writeCiscoASA(f *Fleet, x *xmlBuffer, e *event) {
	x.request("description", "Cisco-ASA Honeypot")
	if f.chance(40) {
		x.request("payload", `['<?xml version="1.0" encoding="UTF-8"?>\n<config-auth client="vpn" type="init"/>']`)
	}
	x.raw(e.sensor.identity)
}
